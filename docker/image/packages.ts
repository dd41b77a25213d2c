/** Finds the files of the packages that the image needs. */
import { readdirSync } from 'node:fs';
import path from 'node:path';

/** Folders of a package that nobody imports. They count only directly below the package. */
const idleFolders = /^(?:examples?|docs?|bench(?:marks?)?|coverage|scripts)$/;
const testFolders = /^(?:tests?|__tests__|\..*)$/;
/** Types, maps, sources of types, documents and settings of tools. Licences stay. */
const idleFiles =
  /\.(?:map|[cm]?ts|tsbuildinfo|markdown|yml|yaml|flow|html|png|svg|ico|snap|sh)$|(?<!licen[cs]e)\.md$|^\.|^tests?\.[cm]?js$|\.(?:test|spec)\.[cm]?js$/i;

/** The files of one package that a program can load, and its licence, relative to `root`. Nested packages are not in it. */
export function filesOfPackage(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules') return [];
    if (entry.isDirectory()) {
      const isIdle = idleFolders.test(entry.name) || testFolders.test(entry.name);
      return isIdle ? [] : filesBelow(root, `${folder}/${entry.name}`);
    }
    return idleFiles.test(entry.name) ? [] : [`${folder}/${entry.name}`];
  });
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return testFolders.test(entry.name) ? [] : filesBelow(root, file);
    return idleFiles.test(entry.name) ? [] : [file];
  });
}

/** Finds the modules of this repository that a program can load. Needs no package, because it runs while the image is built. */
import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';

/** `from './x.ts'`, `import './x.ts'` and `import('./x.ts')`. */
const relativeImport = /\b(?:from|import)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]+)\1/g;

/**
 * The files that `entries` load, with all that those load, as paths relative to `root`. Imports of types do not
 * count, because Node removes them. A dynamic import counts if its specifier is a literal.
 *
 * @throws Error if an import leads to no file, except for a module in one of the `absent` folders
 */
export function reachableModules(
  root: string,
  entries: readonly string[],
  absent: readonly string[] = [],
): string[] {
  const found = new Set<string>();
  const open = [...entries];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const imported of importsOf(root, file)) {
      if (!absent.some((folder) => imported.startsWith(`${folder}/`))) open.push(imported);
    }
  }
  return [...found].sort();
}

function importsOf(root: string, file: string): string[] {
  if (!existsSync(path.join(root, file))) throw new Error(`${file} is imported but does not exist`);
  if (!file.endsWith('.ts')) return [];
  const code = stripTypeScriptTypes(readFileSync(path.join(root, file), 'utf8'));
  return [...code.matchAll(relativeImport)].map(([, , specifier]) =>
    path.posix.join(path.posix.dirname(file), specifier!),
  );
}

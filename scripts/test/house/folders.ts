import path from 'node:path';

/**
 * Compares the table of folders in ARCHITECTURE.md with the folders of these source files. Returns one line per
 * difference.
 */
export function folderFaults(architecture: string, sources: readonly string[]): string[] {
  const described = describedFolders(architecture);
  const present = new Set(sources.map((file) => path.posix.dirname(file)));
  return [
    ...[...present]
      .filter((folder) => folder !== '.' && !described.has(folder))
      .map((folder) => `ARCHITECTURE.md does not say what is in ${folder}/`),
    ...[...described]
      .filter((folder) => !hasSources(folder, present))
      .map((folder) => `ARCHITECTURE.md names ${folder}/, which has no source files`),
  ];
}

/**
 * The folder of each row, and the inner folders in its cell. The row of `services/worker/` names `lanes/`, for
 * example.
 */
function describedFolders(architecture: string): Set<string> {
  const section = architecture.split(/^### The folders with code$/m)[1]?.split(/^#/m)[0] ?? '';
  const folders = new Set<string>();
  for (const [, folder, purpose] of section.matchAll(/^\| `([^`]+)\/` \| (.+) \|$/gm)) {
    folders.add(folder!);
    for (const [, inner] of purpose!.matchAll(/`([a-z/-]+)\/`/g)) folders.add(`${folder}/${inner}`);
  }
  return folders;
}

function hasSources(folder: string, present: ReadonlySet<string>): boolean {
  return [...present].some((other) => other === folder || other.startsWith(`${folder}/`));
}

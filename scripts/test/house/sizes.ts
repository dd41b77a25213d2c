import path from 'node:path';

export interface SizedFile {
  /** Path from the root of the repository, with slashes. */
  readonly file: string;
  readonly lines: number;
}

const sourceLinesMax = 300;
const folderSourcesMax = 15;

/** One line for each source file that is too long and for each folder that has too many of them. */
export function sizeFaults(files: readonly SizedFile[]): string[] {
  const sources = files.filter(({ file }) => isSource(file));
  const long = sources
    .filter(({ lines }) => lines > sourceLinesMax)
    .map(({ file, lines }) => `${file}: ${lines} lines; the maximum is ${sourceLinesMax}`);
  const full = [...countByFolder(sources)]
    .filter(([, count]) => count > folderSourcesMax)
    .map(([folder, count]) => `${folder}/: ${count} source files; the maximum is ${folderSourcesMax}`);
  return [...long, ...full];
}

/**
 * Code that a person wrote. A unit test belongs to the file beside it. In `tests/` the test itself is the code.
 */
export function isSource(file: string): boolean {
  if (!file.endsWith('.ts') || file.endsWith('.d.ts') || file.includes('/generated/')) return false;
  return file.startsWith('tests/') || !file.endsWith('.test.ts');
}

function countByFolder(files: readonly SizedFile[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { file } of files) {
    const folder = path.posix.dirname(file);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return counts;
}

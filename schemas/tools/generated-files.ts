import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** Path in the repository → expected text. */
export type GeneratedFiles = ReadonlyMap<string, string>;

/** Paths of the generated files that are missing or outdated. */
export function staleFiles(files: GeneratedFiles): string[] {
  return [...files].filter(([path, text]) => currentText(path) !== text).map(([path]) => path);
}

/**
 * Writes the outdated files, or only names them with `check`.
 *
 * @returns exit code: 1 if a file was outdated and not written
 */
export function bringUpToDate(files: GeneratedFiles, options: { check: boolean }): number {
  const stale = staleFiles(files);
  if (options.check) {
    for (const path of stale) console.error(`${path} is outdated: run \`npm run gen\``);
    return stale.length === 0 ? 0 : 1;
  }
  for (const path of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), files.get(path) ?? '');
    console.log(`wrote ${path}`);
  }
  return 0;
}

function currentText(path: string): string | null {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

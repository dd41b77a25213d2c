import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** Path from the repository → text that it should have. */
export type GeneratedFiles = ReadonlyMap<string, string>;

/** Paths of the generated files that are missing or have another text. */
export function staleFiles(files: GeneratedFiles): string[] {
  return [...files].filter(([path, text]) => currentText(path) !== text).map(([path]) => path);
}

/**
 * Writes what is stale, or with `check` only names it.
 *
 * @returns exit code: 1 where something was stale and not written
 */
export function bringUpToDate(files: GeneratedFiles, options: { check: boolean }): number {
  const stale = staleFiles(files);
  if (options.check) {
    for (const path of stale) console.error(`${path} is not what it is generated from: run \`npm run gen\``);
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

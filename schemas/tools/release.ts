/**
 * `schemas/released.json` holds the SHA-256 of every released schema and golden file. This script adds new files and
 * refuses changed files. Topics already hold bytes of the released schemas, so a change needs a new version in a new
 * file.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const listPath = join(root, 'schemas', 'released.json');

/** The SHA-256 in hex of each file on disk, by its path in the repository. */
export function hashesOnDisk(): Map<string, string> {
  const paths = readdirSync(join(root, 'schemas'), { recursive: true, encoding: 'utf8' })
    .map((path) => `schemas/${path.replaceAll('\\', '/')}`)
    .filter((path) => /\/(v\d+\.avsc|golden\/v\d+\/[^/]+\.(json|bin))$/.test(path))
    .sort();
  return new Map(paths.map((path) => [path, hashOf(path)]));
}

/** The SHA-256 in hex of each file at its release, by its path. */
export function releasedHashes(): Map<string, string> {
  return new Map(Object.entries(JSON.parse(readFileSync(listPath, 'utf8')) as Record<string, string>));
}

/** Released files that are missing or differ. */
export function changedFiles(released: Map<string, string>, onDisk: Map<string, string>): string[] {
  return [...released].filter(([path, hash]) => onDisk.get(path) !== hash).map(([path]) => path);
}

function hashOf(path: string): string {
  return createHash('sha256')
    .update(readFileSync(join(root, path)))
    .digest('hex');
}

function main(): number {
  const released = releasedHashes();
  const onDisk = hashesOnDisk();
  const changed = changedFiles(released, onDisk);
  for (const path of changed) console.error(`${path} is released and may not change: write a new version`);
  if (changed.length > 0) return 1;
  writeFileSync(listPath, `${JSON.stringify(Object.fromEntries(onDisk), null, 2)}\n`);
  console.log(`${onDisk.size - released.size} files released, ${onDisk.size} in total`);
  return 0;
}

if (import.meta.main) process.exitCode = main();

/**
 * Writes docs/evidence.md and its charts from the bench documents in docs/bench/. `--check` writes nothing; it exits with 1 if
 * a file differs.
 *
 *   npm run bench -- e2e --json > docs/bench/e2e.json && node loadtest/evidence/evidence.ts
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { BenchDocument } from '../frame/document.ts';
import { evidenceFiles } from './page.ts';

const docs = path.resolve(import.meta.dirname, '../../docs');
const { values: flags } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const documents = readdirSync(path.join(docs, 'bench'))
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(path.join(docs, 'bench', name), 'utf8')) as BenchDocument);
const files = evidenceFiles(documents);
const different = files.filter(({ name, text }) => current(name) !== text);
if (!flags.check) for (const { name, text } of different) writeFileSync(path.join(docs, name), text);
for (const { name } of different) console.log(`${flags.check ? 'differs' : 'wrote'}: docs/${name}`);
if (flags.check && different.length > 0) process.exitCode = 1;

function current(name: string): string | null {
  try {
    return readFileSync(path.join(docs, name), 'utf8');
  } catch {
    // A new bench has no file yet.
    return null;
  }
}

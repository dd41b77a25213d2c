/**
 * Writes docs/evidence.md and its charts from the bench documents in docs/bench/.
 *
 *   npm run bench -- e2e --json > docs/bench/e2e.json && node loadtest/evidence/evidence.ts
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BenchDocument } from '../frame/document.ts';
import { evidenceFiles } from './page.ts';

const docs = path.resolve(import.meta.dirname, '../../docs');

const documents = readdirSync(path.join(docs, 'bench'))
  .filter((name) => name.endsWith('.json'))
  .sort()
  .map((name) => JSON.parse(readFileSync(path.join(docs, 'bench', name), 'utf8')) as BenchDocument);
for (const { name, text } of evidenceFiles(documents)) {
  writeFileSync(path.join(docs, name), text);
  console.log(`wrote docs/${name}`);
}

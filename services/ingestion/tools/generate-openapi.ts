/** Writes `openapi.json` from the operations. With `--check` it only reports whether the file is up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { openapiDocument } from '../http/reference/openapi.ts';
import { operations } from '../http/routes/index.ts';

const file = new URL('../openapi.json', import.meta.url);
const text = `${JSON.stringify(openapiDocument(operations), null, 2)}\n`;

if (process.argv.includes('--check')) {
  if (readText(file) !== text) {
    console.error('services/ingestion/openapi.json differs from the routes: run `npm run gen`');
    process.exitCode = 1;
  }
} else {
  writeFileSync(file, text);
}

function readText(path: URL): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

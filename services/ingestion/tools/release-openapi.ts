/**
 * `npm run release:openapi` makes the current document the released one, which clients use. Refuses a breaking
 * change, and a document that has changed under the same `info.version`. `--despite "reason"` allows a change that
 * only looks breaking.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openapiDocument } from '../http/reference/openapi.ts';
import { operations } from '../http/routes/index.ts';
import { releaseFaults } from './release-faults.ts';

const file = new URL('../released/openapi.json', import.meta.url);
const { values } = parseArgs({ options: { despite: { type: 'string' } } });
const released = JSON.parse(readFileSync(file, 'utf8'));
const text = `${JSON.stringify(openapiDocument(operations), null, 2)}\n`;
const faults = releaseFaults(released, JSON.parse(text), { despite: values.despite });

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else writeFileSync(file, text);

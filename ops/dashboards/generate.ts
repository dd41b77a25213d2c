/** Writes the JSON of all dashboards. With `--check` it only names outdated files. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { grafanaDashboard } from './builder.ts';
import { dashboards } from './dashboards.ts';

const folder = path.join(import.meta.dirname, 'generated');
const check = process.argv.includes('--check');

mkdirSync(folder, { recursive: true });
for (const dashboard of dashboards) {
  const file = path.join(folder, `${dashboard.uid}.json`);
  const text = `${JSON.stringify(grafanaDashboard(dashboard), null, 2)}\n`;
  if (currentText(file) === text) continue;
  if (check) {
    console.error(`ops/dashboards/generated/${dashboard.uid}.json is outdated: run \`npm run gen\``);
    process.exitCode = 1;
  } else writeFileSync(file, text);
}

function currentText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

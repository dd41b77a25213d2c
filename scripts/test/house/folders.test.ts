import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { folderFaults } from './folders.ts';
import { isSource } from './sizes.ts';
import { trackedFiles } from './tracked.ts';

const table = (...rows: string[]) => ['### The folders with code', '', ...rows, '', '## Trust'].join('\n');

test('ARCHITECTURE.md describes each folder with code', () => {
  const sources = trackedFiles('*.ts').filter((file) => isSource(file) && !file.startsWith('docs/samples/'));
  expect(folderFaults(readFileSync('ARCHITECTURE.md', 'utf8'), sources)).toEqual([]);
});

test('a folder that no row names is reported', () => {
  expect(folderFaults(table('| `cli/` | the command line |'), ['cli/a.ts', 'cli/lag/b.ts'])).toEqual([
    'ARCHITECTURE.md does not say what is in cli/lag/',
  ]);
});

test('a folder that does not exist is reported', () => {
  expect(folderFaults(table('| `cli/` | commands; `gone/` more |'), ['cli/a.ts'])).toEqual([
    'ARCHITECTURE.md names cli/gone/, which has no source files',
  ]);
});

test('the row of a folder names its inner folders', () => {
  const rows = table('| `services/worker/` | commands; `lanes/` partitions, `lanes/testing/` fakes |');
  const sources = [
    'services/worker/a.ts',
    'services/worker/lanes/b.ts',
    'services/worker/lanes/testing/c.ts',
  ];
  expect(folderFaults(rows, sources)).toEqual([]);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { logTail } from './log-tail.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'words-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const log = (...lines: (object | string)[]): string => {
  const file = path.join(dir, 'service.log');
  writeFileSync(
    file,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return file;
};

test('finds the errors in a log, with their causes', () => {
  const file = log(
    { level: 'info', msg: 'listening' },
    { level: 'error', msg: 'cannot start', err: { message: 'no such table' } },
    { level: 'info', msg: 'stopping' },
  );
  expect(logTail(file)).toEqual(['cannot start: no such table']);
});

test('shows what Node prints if a program does not load', () => {
  expect(logTail(log('node:internal/modules', 'Error: Cannot find module x'))).toEqual([
    'Error: Cannot find module x',
  ]);
});

test('shows the last lines if none is an error, and nothing without a log', () => {
  expect(logTail(log({ level: 'info', msg: 'a' }))).toEqual(['{"level":"info","msg":"a"}']);
  expect(logTail(path.join(dir, 'none.log'))).toEqual([]);
});

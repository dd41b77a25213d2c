import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type HistoryLine, openHistory } from './history.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'os-load-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const line: HistoryLine = {
  due: '2026-01-05T10:00:00.000Z',
  sent: '2026-01-05T10:00:00.001Z',
  latencyMs: 12.5,
  attempt: 1,
  customer: 'c1',
  status: 202,
  code: null,
  keys: ['k1'],
  orderIds: ['o1'],
};

test('has one line of JSON per request, also beyond the size of its buffer', async () => {
  const file = path.join(dir, 'history.ndjson');
  const history = await openHistory(file);
  const count = 20_000;
  let waits = 0;
  for (let i = 0; i < count; i++) {
    history.write({ ...line, attempt: i });
    const room = history.room();
    if (room === null) continue;
    waits += 1;
    await room;
  }
  expect(await history.close()).toBeNull();
  // The lines have four times the size of the buffer.
  expect(waits).toBeGreaterThan(0);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(count);
  expect(JSON.parse(lines[count - 1]!)).toEqual({ ...line, attempt: count - 1 });
});

test('never writes over a file', async () => {
  const file = path.join(dir, 'old.ndjson');
  writeFileSync(file, 'old');
  await expect(openHistory(file)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(/exists/),
  });
  expect(readFileSync(file, 'utf8')).toBe('old');
});

test('that cannot be created is a mistake of the user', async () => {
  const opened = openHistory(path.join(dir, 'no-folder', 'history.ndjson'));
  await expect(opened).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(/ENOENT/) });
});

test('on a full disk returns the reason and blocks nobody', async () => {
  const history = await openHistory('/dev/full');
  for (let i = 0; i < 10_000; i++) history.write(line);
  await history.room();
  expect(await history.close()).toBe('cannot write the history /dev/full: ENOSPC');
  expect(history.failure()).toBe('cannot write the history /dev/full: ENOSPC');
});

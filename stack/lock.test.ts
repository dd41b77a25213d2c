import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from './lock.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const lock = (waitMs = 0) => ({
  file: path.join(dir, 'lock'),
  waitMs,
  refuse: (pid: number) => new Error(`held by ${pid}`),
});

test('refuses a second holder at once, and names the first', async () => {
  const held = Promise.withResolvers<void>();
  const first = withLock(lock(), () => held.promise);
  await expect(withLock(lock(), async () => 'never')).rejects.toThrow(`held by ${process.pid}`);
  held.resolve();
  await first;
  expect(await withLock(lock(), async () => 'now')).toBe('now');
});

test('waits for a holder that releases it in time', async () => {
  const held = Promise.withResolvers<void>();
  const first = withLock(lock(), () => held.promise);
  const second = withLock(lock(5_000), async () => 'second');
  held.resolve();
  await first;
  expect(await second).toBe('second');
});

test('is free again after an error', async () => {
  await expect(withLock(lock(), () => Promise.reject(new Error('work failed')))).rejects.toThrow(
    'work failed',
  );
  expect(await withLock(lock(), async () => 'free')).toBe('free');
});

test('takes over from a holder that has died, even if another process has its pid', async () => {
  writeFileSync(path.join(dir, 'lock'), JSON.stringify({ pid: process.pid, startedAt: 'another time' }));
  expect(await withLock(lock(), async () => 'mine')).toBe('mine');
});

test('takes over a lock file with invalid contents', async () => {
  writeFileSync(path.join(dir, 'lock'), '{');
  expect(await withLock(lock(), async () => 'mine')).toBe('mine');
});

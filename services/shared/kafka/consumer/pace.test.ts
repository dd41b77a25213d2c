import { performance } from 'node:perf_hooks';
import { setImmediate as tick, setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createPace } from './pace.ts';

const paceMs = 20;
/** What a timer of Node may be early by, and to spare. */
const earlyMs = 2;

test('turns begin a pace apart', async () => {
  const pace = createPace(paceMs);
  const startedMs = performance.now();
  for (let turn = 0; turn < 4; turn += 1) await pace();
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(3 * (paceMs - earlyMs));
});

test('a turn that took longer than the pace is followed at once', async () => {
  const pace = createPace(paceMs);
  await pace();
  await wait(paceMs + earlyMs);
  const first = await Promise.race([pace().then(() => 'turn'), tick('tick')]);
  expect(first).toBe('turn');
});

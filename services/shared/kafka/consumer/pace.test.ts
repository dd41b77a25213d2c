import { performance } from 'node:perf_hooks';
import { setImmediate as tick, setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createPace } from './pace.ts';

const paceMs = 20;
/** How early a timer of Node may fire, plus a margin. */
const earlyMs = 2;

test('turns start at least one pace apart', async () => {
  const pace = createPace(paceMs);
  const startedMs = performance.now();
  for (let turn = 0; turn < 4; turn += 1) await pace();
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(3 * (paceMs - earlyMs));
});

test('after a turn longer than the pace, the next starts at once', async () => {
  const pace = createPace(paceMs);
  await pace();
  await wait(paceMs + earlyMs);
  const first = await Promise.race([pace().then(() => 'turn'), tick('tick')]);
  expect(first).toBe('turn');
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '../../log/index.ts';
import { startCommitLoop } from './commit-loop.ts';

const log = createLogger({ service: 'test', level: 'silent', instanceId: 'test' });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A commit that the test ends, with success or an error. */
function startHeld() {
  const told: string[] = [];
  let held = Promise.withResolvers<void>();
  const loop = startCommitLoop(async () => {
    told.push('begins');
    await held.promise;
    told.push('ends');
  }, log);
  const end = async (failure?: Error): Promise<void> => {
    const { resolve, reject } = held;
    held = Promise.withResolvers<void>();
    if (failure === undefined) resolve();
    else reject(failure);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { told, loop, end };
}

test('commits repeatedly, one commit at a time, also after failures', async () => {
  const { told, loop, end } = startHeld();
  await vi.advanceTimersByTimeAsync(999);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(5_001);
  expect(told).toEqual(['begins']);
  await end(new Error('no coordinator'));
  await vi.advanceTimersByTimeAsync(1_000);
  await end();
  expect(told).toEqual(['begins', 'begins', 'ends']);
  const stopping = loop.stop();
  await vi.advanceTimersByTimeAsync(0);
  await end();
  await stopping;
});

test('stop waits for the running commit, commits once more, and then never again', async () => {
  const { told, loop, end } = startHeld();
  await vi.advanceTimersByTimeAsync(1_000);
  let stopped = false;
  const stopping = loop.stop().then(() => {
    stopped = true;
  });
  await end();
  expect([told, stopped]).toEqual([['begins', 'ends', 'begins'], false]);
  await end(new Error('no coordinator'));
  await stopping;
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toHaveLength(3);
});

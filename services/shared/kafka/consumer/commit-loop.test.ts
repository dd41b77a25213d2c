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

/** A commit that lasts until it is ended, one way or the other. */
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

test('commits again and again, never twice at a time, whatever fails', async () => {
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

test('commits once more at the end, behind what is under way, and never again', async () => {
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

import { expect, test } from 'vitest';
import { createPartitionProgress, retryAfterOf } from './partition-progress.ts';

function lanesAt(startMs = 0) {
  const clock = { ms: startMs, nowMs: () => clock.ms, monotonicMs: () => clock.ms };
  return { clock, progress: createPartitionProgress({ partitions: 2, clock }) };
}

test('the queue position counts the commands ahead that have no outcome yet', () => {
  const { progress } = lanesAt();
  progress.publishedUpTo(0, 100);
  for (let offset = 100; offset < 150; offset++) progress.produced({ partition: 0, offset });
  expect(progress.queueOf({ partition: 0, offset: 149 }).ahead).toBe(49);
  progress.published({ partition: 0, offset: 129 });
  expect(progress.queueOf({ partition: 0, offset: 149 }).ahead).toBe(19);
  progress.published({ partition: 0, offset: 110 });
  expect(progress.queueOf({ partition: 0, offset: 149 }).ahead).toBe(19);
});

test('the ETA follows the measured rate of a partition that has work', () => {
  const { progress, clock } = lanesAt();
  progress.publishedUpTo(0, 0);
  for (let offset = 0; offset < 10_000; offset++) progress.produced({ partition: 0, offset });
  for (let second = 1; second <= 60; second++) {
    clock.ms += 1_000;
    progress.published({ partition: 0, offset: second * 20 - 1 });
    progress.measure();
  }
  const { ahead, etaMs } = progress.queueOf({ partition: 0, offset: 9_999 });
  expect(ahead).toBe(9_999 - 1_200);
  expect(etaMs).toBeGreaterThan((ahead / 25) * 1_000);
  expect(etaMs).toBeLessThan((ahead / 18) * 1_000);
});

test('an idle partition does not look slow', () => {
  const { progress, clock } = lanesAt();
  progress.publishedUpTo(0, 0);
  for (let offset = 0; offset < 30; offset++) {
    progress.produced({ partition: 0, offset });
    progress.published({ partition: 0, offset });
    clock.ms += 1_000;
    progress.measure();
  }
  progress.produced({ partition: 0, offset: 30 });
  expect(progress.queueOf({ partition: 0, offset: 31 }).etaMs).toBeLessThan(100);
});

test('the lag of a stalled partition is the age of its oldest open command, and other partitions have none', () => {
  const { progress, clock } = lanesAt(5);
  progress.publishedUpTo(0, 0);
  progress.publishedUpTo(1, 0);
  expect(progress.slowestLagMs()).toBe(0);
  progress.produced({ partition: 1, offset: 0 });
  clock.ms += 4_000;
  progress.measure();
  expect(progress.lagMsOf(1)).toBeGreaterThanOrEqual(4_000);
  expect(progress.lagMsOf(0)).toBe(0);
  expect(progress.slowestLagMs()).toBe(progress.lagMsOf(1));
  expect(progress.middleLagMs()).toBe(0);
  progress.published({ partition: 1, offset: 0 });
  expect(progress.slowestLagMs()).toBe(0);
});

test('a stalled partition reports this, and its ETA is at least as long', () => {
  const { progress, clock } = lanesAt();
  progress.publishedUpTo(0, 0);
  progress.produced({ partition: 0, offset: 0 });
  clock.ms += 4_000;
  expect(progress.queueOf({ partition: 0, offset: 0 })).toEqual({
    ahead: 0,
    etaMs: 4_000,
    stalledForMs: null,
  });
  clock.ms += 71_000;
  progress.measure();
  expect(progress.queueOf({ partition: 0, offset: 0 })).toEqual({
    ahead: 0,
    etaMs: 75_000,
    stalledForMs: 75_000,
  });
  progress.published({ partition: 0, offset: 0 });
  clock.ms += 60_000;
  progress.produced({ partition: 0, offset: 1 });
  expect(progress.queueOf({ partition: 0, offset: 1 })).toMatchObject({ stalledForMs: null });
});

test('whenKnown resolves once the position of each partition is known', async () => {
  const { progress } = lanesAt();
  let isKnown = false;
  void progress.whenKnown().then(() => {
    isKnown = true;
  });
  progress.publishedUpTo(0, 0);
  progress.publishedUpTo(0, 5);
  await Promise.resolve();
  expect([progress.unknown(), isKnown]).toEqual([1, false]);
  progress.published({ partition: 1, offset: 9 });
  await progress.whenKnown();
  expect([progress.unknown(), isKnown]).toEqual([0, true]);
});

test('Retry-After is whole seconds between one and sixty', () => {
  expect([0, 30, 1_001, 9e9].map(retryAfterOf)).toEqual([1, 1, 2, 60]);
});

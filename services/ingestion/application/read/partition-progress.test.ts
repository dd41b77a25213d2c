import { expect, test } from 'vitest';
import { createLanes, retryAfterOf } from './partition-progress.ts';

function lanesAt(startMs = 0) {
  const clock = { ms: startMs, nowMs: () => clock.ms, monotonicMs: () => clock.ms };
  return { clock, lanes: createLanes({ partitions: 2, clock }) };
}

test('the queue position counts the commands ahead that have no outcome yet', () => {
  const { lanes } = lanesAt();
  lanes.publishedUpTo(0, 100);
  for (let offset = 100; offset < 150; offset++) lanes.produced({ partition: 0, offset });
  expect(lanes.queueOf({ partition: 0, offset: 149 }).ahead).toBe(49);
  lanes.published({ partition: 0, offset: 129 });
  expect(lanes.queueOf({ partition: 0, offset: 149 }).ahead).toBe(19);
  lanes.published({ partition: 0, offset: 110 });
  expect(lanes.queueOf({ partition: 0, offset: 149 }).ahead).toBe(19);
});

test('the ETA follows the measured rate of a lane that has work', () => {
  const { lanes, clock } = lanesAt();
  lanes.publishedUpTo(0, 0);
  for (let offset = 0; offset < 10_000; offset++) lanes.produced({ partition: 0, offset });
  for (let second = 1; second <= 60; second++) {
    clock.ms += 1_000;
    lanes.published({ partition: 0, offset: second * 20 - 1 });
    lanes.measure();
  }
  const { ahead, etaMs } = lanes.queueOf({ partition: 0, offset: 9_999 });
  expect(ahead).toBe(9_999 - 1_200);
  expect(etaMs).toBeGreaterThan((ahead / 25) * 1_000);
  expect(etaMs).toBeLessThan((ahead / 18) * 1_000);
});

test('an idle lane does not look slow', () => {
  const { lanes, clock } = lanesAt();
  lanes.publishedUpTo(0, 0);
  for (let offset = 0; offset < 30; offset++) {
    lanes.produced({ partition: 0, offset });
    lanes.published({ partition: 0, offset });
    clock.ms += 1_000;
    lanes.measure();
  }
  lanes.produced({ partition: 0, offset: 30 });
  expect(lanes.queueOf({ partition: 0, offset: 31 }).etaMs).toBeLessThan(100);
});

test('the lag of a lane is the age of its oldest unanswered command when nothing moves, and no other lane has it', () => {
  const { lanes, clock } = lanesAt(5);
  lanes.publishedUpTo(0, 0);
  lanes.publishedUpTo(1, 0);
  expect(lanes.slowestLagMs()).toBe(0);
  lanes.produced({ partition: 1, offset: 0 });
  clock.ms += 4_000;
  lanes.measure();
  expect(lanes.lagMsOf(1)).toBeGreaterThanOrEqual(4_000);
  expect(lanes.lagMsOf(0)).toBe(0);
  expect(lanes.slowestLagMs()).toBe(lanes.lagMsOf(1));
  expect(lanes.middleLagMs()).toBe(0);
  lanes.published({ partition: 1, offset: 0 });
  expect(lanes.slowestLagMs()).toBe(0);
});

test('a lane that stands still says so, and its ETA is at least as long', () => {
  const { lanes, clock } = lanesAt();
  lanes.publishedUpTo(0, 0);
  lanes.produced({ partition: 0, offset: 0 });
  clock.ms += 4_000;
  expect(lanes.queueOf({ partition: 0, offset: 0 })).toEqual({ ahead: 0, etaMs: 4_000, stalledForMs: null });
  clock.ms += 71_000;
  lanes.measure();
  expect(lanes.queueOf({ partition: 0, offset: 0 })).toEqual({
    ahead: 0,
    etaMs: 75_000,
    stalledForMs: 75_000,
  });
  lanes.published({ partition: 0, offset: 0 });
  clock.ms += 60_000;
  lanes.produced({ partition: 0, offset: 1 });
  expect(lanes.queueOf({ partition: 0, offset: 1 })).toMatchObject({ stalledForMs: null });
});

test('the lanes are known once the position of each is', async () => {
  const { lanes } = lanesAt();
  let isKnown = false;
  void lanes.whenKnown().then(() => {
    isKnown = true;
  });
  lanes.publishedUpTo(0, 0);
  lanes.publishedUpTo(0, 5);
  await Promise.resolve();
  expect([lanes.unknown(), isKnown]).toEqual([1, false]);
  lanes.published({ partition: 1, offset: 9 });
  await lanes.whenKnown();
  expect([lanes.unknown(), isKnown]).toEqual([0, true]);
});

test('Retry-After is whole seconds between one and sixty', () => {
  expect([0, 30, 1_001, 9e9].map(retryAfterOf)).toEqual([1, 1, 2, 60]);
});

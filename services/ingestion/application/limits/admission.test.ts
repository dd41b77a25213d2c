import { expect, test } from 'vitest';
import { createAdmission } from './admission.ts';

function admissionAt() {
  const state = { delayMs: 0, ageMs: 0, lagMs: 0, lagsMs: [0, 0, 0] };
  const admission = createAdmission({
    accumulator: { oldestAgeMs: () => state.ageMs },
    progress: { middleLagMs: () => state.lagMs, lagMsOf: (partition) => state.lagsMs[partition]! },
    partitions: 3,
    limits: { loopDelayMs: 100, produceAgeMs: 1_000, lagMs: 30_000 },
    random: () => 0.5,
    loopDelayMs: () => state.delayMs,
  });
  const sample = (times = 20) => {
    for (let i = 0; i < times; i++) admission.sample();
  };
  return { state, admission, sample };
}

test('a late event loop refuses writes first, and reads much later', () => {
  const { state, admission, sample } = admissionAt();
  state.delayMs = 150;
  sample(1);
  expect(admission.refusal('write')).toBeNull();
  sample();
  expect(admission.refusal('write')).toBe('event_loop');
  expect(admission.refusal('read')).toBeNull();
  state.delayMs = 5_000;
  sample();
  expect(admission.refusal('read')).toBe('event_loop');
});

test('an old produce queue refuses writes at once', () => {
  const { state, admission } = admissionAt();
  state.ageMs = 1_001;
  expect(admission.refusal('write')).toBe('produce_queue');
  expect(admission.refusal('read')).toBeNull();
});

test('a large lag refuses writes until it is clearly below the limit again', () => {
  const { state, admission, sample } = admissionAt();
  state.lagMs = 31_000;
  sample(1);
  expect(admission.refusal('write')).toBe('lag');
  expect(admission.retryAfterSeconds('lag')).toBe(Math.ceil(7 * 1.5));
  state.lagMs = 29_000;
  sample(1);
  expect(admission.refusal('write')).toBe('lag');
  state.lagMs = 20_000;
  sample(1);
  expect(admission.refusal('write')).toBeNull();
});

test('a partition that is behind refuses only its own orders until its lag is clearly below the limit', () => {
  const { state, admission, sample } = admissionAt();
  state.lagsMs[1] = 31_000;
  sample(1);
  expect(admission.refusal('write')).toBeNull();
  expect([0, 1, 2].map(admission.isBehind)).toEqual([false, true, false]);
  expect(admission.partitionsBehind()).toBe(1);
  state.lagsMs[1] = 29_000;
  sample(1);
  expect(admission.isBehind(1)).toBe(true);
  state.lagsMs[1] = 20_000;
  sample(1);
  expect(admission.isBehind(1)).toBe(false);
});

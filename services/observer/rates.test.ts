import { expect, it } from 'vitest';
import { createRates } from './rates.ts';
import type { Reading } from './reading.ts';

const lane = (end: number) => ({ partition: 0, end, published: 0, lag: end });
const reading = (monotonicMs: number, end: number) =>
  ({ monotonicMs, lanes: [lane(end)] }) as unknown as Reading;

it('compares with the newest reading that is older than the window', () => {
  const rates = createRates(10_000);
  expect(rates.add(reading(0, 0))).toBeNull();
  const windows = [4_000, 8_000, 12_000, 16_000].map((ms) => rates.add(reading(ms, ms))?.seconds);
  expect(windows).toEqual([4, 8, 12, 12]);
});

it('forgets readings from before a long gap', () => {
  const rates = createRates(10_000);
  rates.add(reading(0, 0));
  expect(rates.add(reading(40_001, 9))).toBeNull();
});

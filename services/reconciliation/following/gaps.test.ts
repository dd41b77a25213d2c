import { expect, it } from 'vitest';
import { createGaps } from './gaps.ts';

it('contains the same offsets as a plain set', () => {
  const gaps = createGaps([7, 3, 4, 3]);
  gaps.add(10, 14);
  gaps.add(14, 16);
  expect(gaps.first(100)).toEqual([3, 4, 7, 10, 11, 12, 13, 14, 15]);
  expect([gaps.delete(12), gaps.delete(12), gaps.delete(3), gaps.delete(9), gaps.delete(15)]).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
  expect(gaps.first(100)).toEqual([4, 7, 10, 11, 13, 14]);
  expect(gaps.count()).toBe(6);
  expect([4, 12, 13, 15, 16].map(gaps.has)).toEqual([true, false, true, false, false]);
});

it('counts offsets without room', () => {
  const gaps = createGaps();
  for (let offset = 0; offset < 40_000; offset += 2) gaps.add(offset, offset + 1);
  expect(gaps.count()).toBe(20_000);
  expect(gaps.first(30_000)).toHaveLength(10_000);
});

import { expect, it } from 'vitest';
import { ownGroups, planReplay } from './plan.ts';

const ranges = [
  { low: 10, high: 100 },
  { low: 0, high: 0 },
  { low: 5, high: 50 },
];
const committed = new Map<number, bigint | null>([
  [0, 80n],
  [1, null],
  [2, 2n],
]);

it('shows the records that would be read again or left out', () => {
  expect(planReplay(ranges, committed, [60, 0, 50], undefined)).toEqual([
    { partition: 0, from: 80, to: 60, again: 20 },
    { partition: 1, from: null, to: 0, again: 0 },
    { partition: 2, from: 2, to: 50, again: -45 },
  ]);
});

it('stays within the offsets that the log still has', () => {
  expect(planReplay(ranges, committed, [0, 7, 999], undefined).map(({ to }) => to)).toEqual([10, 0, 50]);
});

it('moves only the selected partition', () => {
  expect(planReplay(ranges, committed, [60, 0, 50], 2).map(({ partition }) => partition)).toEqual([2]);
});

it('recognizes the groups of the product', () => {
  expect([...ownGroups].toSorted()).toEqual([
    'orders-notification',
    'orders-projector',
    'orders-reconciliation',
    'orders-worker',
  ]);
});

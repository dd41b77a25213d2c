import { expect, it } from 'vitest';
import { newestFrom } from './newest-records.ts';

const ranges = (...lengths: number[]) =>
  new Map(lengths.map((length, partition) => [partition, { low: 5n, high: BigInt(5 + length) }]));

it('remembers every record of logs within the limit', () => {
  expect(newestFrom(ranges(10, 0, 20), 30)).toEqual(
    new Map([
      [0, 5n],
      [1, 5n],
      [2, 5n],
    ]),
  );
});

it('gives long partitions an equal part of what short ones leave', () => {
  expect([...newestFrom(ranges(1_000, 10, 500), 110)].sort()).toEqual([
    [0, 955n],
    [1, 5n],
    [2, 455n],
  ]);
});

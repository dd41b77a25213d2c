import { expect, it } from 'vitest';
import { groupStandings } from './groups.ts';

const offsets: Record<string, (bigint | null)[]> = {
  'a on t': [5n, 10n, null],
  'b on t': [null, null, null],
  'a on u': [2n, 2n, 2n],
};
const asked: string[] = [];
const deps = {
  admin: {
    async endOffsets() {
      asked.push('ends');
      return new Map([0, 1, 2].map((partition) => [partition, { low: 3n, high: 10n }]));
    },
    async groupOffsets(group: string, topic: string) {
      asked.push('offsets');
      return new Map(offsets[`${group} on ${topic}`]!.map((offset, partition) => [partition, offset]));
    },
  },
  times: {
    at: async (places: readonly { offset: bigint }[]) => places.map(({ offset }) => Number(offset) * 1_000),
  },
};

it('has the lag of each group with an offset, and the time of the next record', async () => {
  const standings = await groupStandings(deps, [
    { group: 'a', topics: ['t', 'u'] },
    { group: 'b', topics: ['t'] },
  ]);
  expect(standings.map((one) => [one.group, one.topic, one.committed, one.lag, one.oldestAtMs])).toEqual([
    ['a', 't', 5, 5, 5_000],
    ['a', 't', 10, 0, null],
    ['a', 't', null, 7, 3_000],
    // Retention deleted records that this group did not read.
    ['a', 'u', 2, 7, 3_000],
    ['a', 'u', 2, 7, 3_000],
    ['a', 'u', 2, 7, 3_000],
  ]);
  expect(asked, 'the ends are read last').toEqual(['offsets', 'offsets', 'offsets', 'ends', 'ends']);
});

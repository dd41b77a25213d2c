import { describe, expect, it } from 'vitest';
import { COMMANDS, GROUPS } from '../../topics/index.ts';
import { createReader } from './reading.ts';

const stored = {
  ...{ partition: 0, owner: 'w1', epoch: 4, next: 90, published: 80, movedAtMs: 5, outboxRows: 1 },
  ...{ suspect: null, deaths: 0, wait_offset: null, wait_place: null, wait_needsOperator: null },
  ...{ wait_why: null, wait_sinceMs: null },
};

/** Two partitions with 100 commands each. The group of the workers has committed up to `committed`. */
function readerWith(committed: number) {
  const state = { databaseIsAway: false };
  const reports: unknown[] = [];
  const reader = createReader({
    admin: {
      endOffsets: async () => new Map([0, 1].map((partition) => [partition, { low: 0n, high: 100n }])),
      groupOffsets: async (group, topic) =>
        new Map(
          [0, 1].map((partition) => [
            partition,
            group === GROUPS.worker && topic === COMMANDS ? BigInt(committed) : null,
          ]),
        ),
    },
    times: { at: async (places) => places.map(({ offset }) => Number(offset)) },
    db: {
      async rows<T>() {
        if (state.databaseIsAway) throw new Error('away');
        return [stored] as T[];
      },
    },
    nowMs: () => 1_000,
    monotonicMs: () => 7,
    onDatabase: (error) => reports.push(error === null ? 'ok' : (error as Error).message),
  });
  return { reader, state, reports };
}

describe('a reading', () => {
  it('has the positions of the database, also of a partition without a lane', async () => {
    const { reader, reports } = readerWith(70);
    const { lanes, hasTables } = await reader.read();
    expect(hasTables).toBe(true);
    expect(lanes.map(({ owner, published, lag, oldestAtMs }) => [owner, published, lag, oldestAtMs])).toEqual(
      [
        ['w1', 80, 20, 80],
        ['', 0, 100, 0],
      ],
    );
    expect(reports).toEqual(['ok']);
  });

  it('has the offsets of the group while the database is away, never behind what was known', async () => {
    const { reader, state, reports } = readerWith(70);
    await reader.read();
    state.databaseIsAway = true;
    const { lanes, hasTables } = await reader.read();
    expect(hasTables).toBe(false);
    expect(lanes.map(({ owner, published, lag, oldestAtMs }) => [owner, published, lag, oldestAtMs])).toEqual(
      [
        ['w1', 80, 20, 80],
        ['', 70, 30, 70],
      ],
    );
    expect(reports).toEqual(['ok', 'away']);
  });
});

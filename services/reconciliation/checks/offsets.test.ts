import { expect, it } from 'vitest';
import type { Clock } from '../../shared/clock/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import { createTally } from '../findings/tally.ts';
import { offsetsCheck } from './offsets.ts';

interface LaneStub {
  partition: number;
  next: number;
  published: number;
  owner?: string;
  why?: string;
}

/** A check that runs every 30 s on the current `world`. */
function watch(world: {
  lanes: LaneStub[];
  ends: number[];
  group?: Map<number, bigint>;
  outcomesEnd?: number;
}) {
  let nowMs = 0;
  const check = offsetsCheck({
    mysql: {
      rows: async (sql: string) =>
        sql.includes('notification_positions')
          ? []
          : world.lanes.map(({ partition, next, published, owner = '', why = null }) => ({
              partition_id: partition,
              next_offset: next,
              published_offset: published,
              owner,
              why,
            })),
    } as unknown as Queryable,
    admin: {
      groupOffsets: async () => world.group ?? new Map(),
      endOffsets: async () =>
        new Map(world.ends.map((end, partition) => [partition, { low: 0n, high: BigInt(end) }])),
    },
    ledgers: new Map([[0, { outcomesEnd: () => world.outcomesEnd ?? 0 }]]),
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs } as Clock,
    stallMs: 45_000,
  });
  return async () => {
    nowMs += 30_000;
    const tally = createTally([], 100);
    await check.run([], tally, new AbortController().signal);
    return tally.kept();
  };
}

it('finds the one lane of twelve without progress, and its owner', async () => {
  const lanes = Array.from({ length: 12 }, (_, partition) => ({
    partition,
    next: 5,
    published: 5,
    owner: `worker-${partition}`,
    ...(partition === 7 ? { why: 'the brokers refuse an outcome' } : {}),
  }));
  const look = watch({ lanes, ends: lanes.map(({ partition }) => (partition === 7 ? 6 : 5)) });
  await look();
  await look();
  expect(await look()).toEqual([
    {
      kind: 'LANE_STALLED',
      subject: '7',
      expected: 'a decision of offset 5',
      actual: 'no progress by worker-7: the brokers refuse an outcome',
    },
  ]);
});

it('finds commands in a lane that no worker ever owned', async () => {
  const look = watch({ lanes: [], ends: [0, 3] });
  await look();
  await look();
  expect(await look()).toMatchObject([
    { kind: 'LANE_STALLED', subject: '1', actual: 'no worker holds the lane' },
  ]);
});

it('finds a lane that decides but cannot publish', async () => {
  const look = watch({ lanes: [{ partition: 0, next: 9, published: 4, owner: 'w' }], ends: [9] });
  await look();
  await look();
  expect(await look()).toMatchObject([
    { kind: 'LANE_STALLED', subject: '0', expected: 'a published outcome of offset 4' },
  ]);
});

it('counts the group offset of an idle lane as published', async () => {
  const lanes = [{ partition: 0, next: 9, published: 4, owner: 'w' }];
  const look = watch({ lanes, ends: [9], group: new Map([[0, 9n]]) });
  await look();
  await look();
  expect(await look()).toEqual([]);
});

it('finds a position behind its own outcomes, also in the first round', async () => {
  const look = watch({ lanes: [{ partition: 0, next: 4, published: 4 }], ends: [9], outcomesEnd: 7 });
  expect(await look()).toMatchObject([
    { kind: 'POSITION_BACK', subject: '0', expected: 'at least 7', actual: 'next_offset 4' },
  ]);
});

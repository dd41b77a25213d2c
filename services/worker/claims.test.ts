import { expect, test } from 'vitest';
import type { KafkaAdmin } from '../shared/kafka/index.ts';
import { createLogger } from '../shared/log/index.ts';
import { noMetrics } from '../shared/metrics/index.ts';
import type { Session } from '../shared/mysql/index.ts';
import { type ClaimDeps, claimLanes } from './claims.ts';
import { Lane } from './lane.ts';

const log = createLogger({ service: 'test', level: 'silent', instanceId: 'test' });
const ignore = () => undefined;

/** A session that finds the lane at `nextOffset` and no outbox rows. */
function sessionAt(nextOffset: number): Session {
  return {
    begin: async () => undefined,
    commit: async () => undefined,
    write: async () => ({ affectedRows: 1, insertId: 0, info: '' }),
    rows: async (sql: string) =>
      sql.includes('lane_positions')
        ? [{ partition_id: 0, epoch: 1, next_offset: nextOffset, owner: '' }]
        : [],
  } as unknown as Session;
}

async function claimAt(nextOffset: number, ends: readonly bigint[]) {
  let reads = 0;
  const admin = {
    endOffsets: async () => new Map([[0, { low: 0n, high: ends[Math.min(reads++, ends.length - 1)]! }]]),
    groupOffsets: async () => new Map([[0, null]]),
  } as unknown as KafkaAdmin;
  const lane = new Lane({
    partition: 0,
    log,
    events: { onFull: ignore, onRoom: ignore, onWork: ignore, onGap: ignore },
  });
  const session = sessionAt(nextOffset);
  const deps: ClaimDeps = {
    topic: 'orders.commands.v1',
    groupId: 'orders-worker',
    owner: 'test',
    sessions: {
      open: async () => session,
      current: () => session,
      keepAlive: async () => undefined,
      drop: ignore,
      close: async () => undefined,
    },
    admin,
    lastSourceOffsets: async () => new Map(),
    publisher: { publish: ignore },
    verdicts: new Map(),
    onUnpublished: ignore,
    metrics: noMetrics,
    log,
    onOpened: ignore,
    onRefused: ignore,
  };
  await claimLanes(deps, [lane], new AbortController().signal);
  return lane;
}

test('an owner that went on until the claim leaves the lane beyond the end that was read before it', async () => {
  const lane = await claimAt(10, [5n, 12n]);
  expect([lane.state, lane.nextOffset]).toEqual(['running', 10]);
});

test('a new leader may learn only later how far its log is valid', async () => {
  expect((await claimAt(10, [5n, 5n, 12n])).state).toBe('running');
});

test('a position that stays beyond the end stops the lane', async () => {
  const lane = await claimAt(10, [5n]);
  expect(lane.state).toBe('stopped');
  expect(lane.stoppedBecause).toContain("beyond the log's end 5");
});

import { expect, test } from 'vitest';
import { COMMANDS, GROUPS } from '../../../topics/catalogue.ts';
import { createKafkaConfig, type KafkaAdmin } from '../../shared/kafka/index.ts';
import { noMetrics } from '../../shared/metrics/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import { Quarantine } from '../stages/quarantine.ts';
import { silent as log, newLane } from '../testing/fakes.ts';
import { type ClaimDeps, claimLanes } from './claims.ts';

const ignore = () => undefined;

const laneRow = {
  partition_id: 0,
  epoch: 1,
  owner: '',
  published_offset: 0,
  topic_id: '',
  events_topic_id: '',
  cluster_id: '',
  record_offset: -1,
  record_id: '',
  outcome_source: -1,
  outcome_offset: -1,
};

/** A session that finds the lane at `nextOffset` and no outbox rows. */
function sessionAt(nextOffset: number): Session {
  return {
    begin: async () => undefined,
    commit: async () => undefined,
    write: async () => ({ affectedRows: 1, insertId: 0, info: '' }),
    rows: async (sql: string) =>
      sql.includes('lane_positions') ? [{ ...laneRow, next_offset: nextOffset }] : [],
  } as unknown as Session;
}

async function claimAt(nextOffset: number, ends: readonly bigint[]) {
  let reads = 0;
  const admin = {
    endOffsets: async (topic: string) =>
      new Map([[0, { low: 0n, high: topic === COMMANDS ? ends[Math.min(reads++, ends.length - 1)]! : 0n }]]),
    groupOffsets: async () => new Map([[0, null]]),
  } as unknown as KafkaAdmin;
  const { lane } = newLane();
  const probe = {
    identify: async () => ({ clusterId: 'cluster', topicIds: new Map([['orders.events.v1', 'events']]) }),
    recordsAt: async () => [],
    close: ignore,
  };
  const settings = createKafkaConfig({ kafkaBrokers: ['nowhere'] }, 'test');
  const session = sessionAt(nextOffset);
  const deps: ClaimDeps = {
    topic: COMMANDS,
    owner: 'test',
    logFacts: { topic: COMMANDS, groupId: GROUPS.worker, settings, admin, eventsAdmin: admin, probe, log },
    sessions: {
      open: async () => session,
      current: () => session,
      keepAlive: async () => undefined,
      drop: ignore,
      close: async () => undefined,
    },
    installation: { check: async () => undefined },
    fatal: ignore,
    publisher: { publish: ignore },
    quarantine: new Quarantine(),
    onUnpublished: ignore,
    metrics: noMetrics,
    log,
    onOpened: ignore,
    onRefused: ignore,
    onLostCommits: async () => undefined,
  };
  await claimLanes(deps, [lane], new AbortController().signal);
  return lane;
}

test('a lane continues if its last owner moved it beyond the log end that the claim read earlier', async () => {
  const lane = await claimAt(10, [5n, 12n]);
  expect([lane.state, lane.position.nextOffset]).toEqual(['running', 10]);
});

test('a lane continues if a new leader serves the end of its log with a delay', async () => {
  expect((await claimAt(10, [5n, 5n, 12n])).state).toBe('running');
});

test('a position that stays beyond the log end stops the lane', async () => {
  const lane = await claimAt(10, [5n]);
  expect(lane.state).toBe('stopped');
  expect(lane.stopReason?.why).toContain("beyond the log's end 5");
});

import { afterEach, describe, expect, it } from 'vitest';
import { COMMANDS, EVENTS, GROUPS } from '../../../topics/catalogue.ts';
import { createKafkaConfig, type KafkaAdmin, type LogProbe } from '../../shared/kafka/index.ts';
import { noMetrics } from '../../shared/metrics/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Lane } from '../lanes/lane.ts';
import { openLane, recordAt, silent } from '../testing/fakes.ts';
import { createGuard, type Guard } from './guard.ts';

const opened: Guard[] = [];

afterEach(() => {
  for (const guard of opened.splice(0)) guard.stop();
});

const row = {
  partition_id: 1,
  epoch: 1,
  owner: 'other',
  next_offset: 10,
  published_offset: 10,
  topic_id: 'commands',
  events_topic_id: 'events',
  cluster_id: 'cluster',
  record_offset: -1,
  record_id: '',
  outcome_source: -1,
  outcome_offset: -1,
};
const found = { why: 'lostCommits', message: 'found by another', detectedBy: 'other', detectedAtMs: 1 };

interface World {
  readonly rows?: readonly object[];
  readonly halts?: readonly object[];
  readonly group?: bigint | null;
  /** Source offset of the newest outcome. */
  readonly source?: number;
  readonly topicId?: string;
}

/** A process that holds lane 0, while another process holds lane 1. */
function guardIn({ rows = [row], halts = [], group = 10n, source = 9, topicId = 'commands' }: World) {
  const lane: Lane = openLane(0, 0);
  const written: string[] = [];
  const ends = new Map([[1, { low: 0n, high: 10n }]]);
  const admin = {
    endOffsets: async () => ends,
    groupOffsets: async () => new Map([[1, group]]),
  } as unknown as KafkaAdmin;
  const probe: LogProbe = {
    identify: async () => ({
      clusterId: 'cluster',
      topicIds: new Map([
        [COMMANDS, topicId],
        [EVENTS, 'events'],
      ]),
    }),
    recordsAt: async (places) => places.map(() => recordAt(9, { headers: { ce_id: `1-${source}` } })),
    close: () => undefined,
  };
  const db = {
    rows: async (sql: string) => (sql.includes('pipeline_halts') ? halts : rows),
    async write(sql: string) {
      written.push(sql);
      return { affectedRows: 1, insertId: 0, info: '' };
    },
  } as unknown as Queryable;
  const settings = createKafkaConfig({ kafkaBrokers: ['nowhere'] }, 'test');
  const guard = createGuard({
    logFacts: {
      topic: COMMANDS,
      groupId: GROUPS.worker,
      settings,
      admin,
      eventsAdmin: admin,
      probe,
      log: silent,
    },
    db,
    owner: 'me',
    lanes: () => [lane],
    retry: () => undefined,
    onFenceLost: () => undefined,
    metrics: noMetrics,
    log: silent,
  });
  opened.push(guard);
  return { guard, db, lane, written };
}

describe('before a new session is used', () => {
  it('lanes that match the logs continue', async () => {
    const { guard, db, lane, written } = guardIn({});
    await guard.beforeUse(db);
    expect([lane.state, written]).toEqual(['running', []]);
  });

  it.each<[string, World]>([
    ['whose group has committed more', { group: 11n }],
    ['with an outcome that it has not decided', { source: 10 }],
  ])('a lane of another process %s halts the pipeline', async (_what, world) => {
    const { guard, db, lane, written } = guardIn(world);
    await expect(guard.beforeUse(db)).rejects.toMatchObject({ code: 'ABORTED' });
    expect([lane.state, lane.stopReason?.code]).toEqual(['stopped', 'lostCommits']);
    expect(lane.stopReason?.why).toMatch(/^lane 1: .*orderstream recover continue/);
    expect(written.join()).toContain('INSERT INTO pipeline_halts');
  });

  it('a halt that another process stored stops the lanes of this process', async () => {
    const { guard, db, lane, written } = guardIn({ halts: [found] });
    await expect(guard.beforeUse(db)).rejects.toMatchObject({ code: 'ABORTED' });
    expect([lane.stopReason?.why, written]).toEqual(['found by another', []]);
  });

  it('offsets of a recreated topic do not halt the pipeline', async () => {
    const { guard, db, lane } = guardIn({ group: 11n, topicId: 'made-anew' });
    await guard.beforeUse(db);
    expect(lane.state).toBe('running');
  });
});

it('a stored position before the committed position halts the pipeline', async () => {
  const { guard, lane, written } = guardIn({});
  await guard.wentBack(lane);
  expect([lane.state, written.length]).toEqual(['stopped', 1]);
});

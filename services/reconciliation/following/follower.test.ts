import { expect, it } from 'vitest';
import type { OrderEvent } from '../../../schemas/index.ts';
import { COMMANDS, EVENTS } from '../../../topics/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';
import { noMetrics } from '../../shared/metrics/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import { createLedger } from '../matching/outcome-matcher.ts';
import { createMemory } from '../matching/recent-outcomes.ts';
import { createStateBook } from '../matching/snapshot-index.ts';
import { createDeadLetterIndex } from './dead-letter-index.ts';
import { createFollower, type Follower, type FollowerDeps } from './follower.ts';

const { signal } = new AbortController();
const starts = [COMMANDS, EVENTS].map((topic) => ({ topic, partition: 0, offset: 0n }));

/** A follower of partition 0. The value of an outcome is its source offset. */
function follower(parts: Partial<FollowerDeps> = {}): Follower {
  const none = { decode: async () => [] };
  return createFollower({
    decoder: {
      decode: async (records) =>
        records.map((record) => ({
          record,
          value: { outcome: 'DUPLICATE', sourceOffset: Number(record.value), orderId: null } as OrderEvent,
        })),
    },
    stateDecoder: none,
    ledgers: new Map([[0, createLedger(0, 0)]]),
    memory: createMemory({ ordersMax: 10, eventsMax: 10 }),
    deadLetters: createDeadLetterIndex(),
    states: createStateBook({ statesMax: 10, fromTheStart: new Set() }),
    mysql: {} as Queryable,
    starts,
    metrics: noMetrics,
    ...parts,
  });
}

const records = (topic: string, from: number, to: number): InRecord[] =>
  Array.from({ length: to - from }, (_, n) => ({
    topic,
    partition: 0,
    offset: BigInt(from + n),
    key: null,
    value: Buffer.from(String(from + n)),
    headers: {},
    timestampMs: 0,
  })) as InRecord[];

const safe = (one: Follower) =>
  Object.fromEntries(one.safeOffsets().map(({ topic, offset }) => [topic, Number(offset)]));

it('never commits outcomes before their commands, because a restart would miss the commands', async () => {
  const one = follower();
  await one.follow(COMMANDS, 0, records(COMMANDS, 0, 3), signal);
  await one.follow(EVENTS, 0, records(EVENTS, 0, 5), signal);
  expect(safe(one)).toEqual({ [COMMANDS]: 3, [EVENTS]: 0 });
  await one.follow(COMMANDS, 0, records(COMMANDS, 3, 5), signal);
  expect(safe(one)).toEqual({ [COMMANDS]: 5, [EVENTS]: 5 });
});

it('never commits outcomes after a missing outcome', async () => {
  const one = follower();
  await one.follow(COMMANDS, 0, records(COMMANDS, 0, 5), signal);
  await one.follow(EVENTS, 0, records(EVENTS, 0, 2), signal);
  await one.follow(EVENTS, 0, records(EVENTS, 3, 5), signal);
  expect(safe(one)).toEqual({ [COMMANDS]: 2, [EVENTS]: 2 });
});

it('continues to compare a known order, also with outcomes outside the time range', async () => {
  const memory = createMemory({ ordersMax: 10, eventsMax: 10 });
  const orderId = '00000000-0000-8000-8000-000000000000';
  const one = follower({
    memory,
    isWanted: ({ sourceOffset }) => sourceOffset < 1,
    mysql: { rows: async () => [] } as unknown as Queryable,
    decoder: {
      decode: async (read) =>
        read.map((record) => {
          const version = Number(record.value) + 1;
          const event = { orderId, version, sourceOffset: version - 1, sourcePartition: 0, order: null };
          return {
            record,
            value: { ...event, outcome: 'APPLIED', status: 'S', type: 't' } as unknown as OrderEvent,
          };
        }),
    },
  });
  await one.follow(EVENTS, 0, records(EVENTS, 0, 2), signal);
  expect(memory.order(orderId)?.version).toBe(2);
});

it('uses the first copy of an outcome, and not a repeat with other values', async () => {
  const memory = createMemory({ ordersMax: 10, eventsMax: 10 });
  const orderId = '00000000-0000-8000-8000-000000000000';
  const one = follower({
    memory,
    mysql: { rows: async () => [] } as unknown as Queryable,
    decoder: {
      decode: async (read) =>
        read.map((record) => {
          const order = { total: 500 + Number(record.value) };
          const event = { orderId, version: 1, sourceOffset: 0, sourcePartition: 0, order };
          return {
            record,
            value: { ...event, outcome: 'ACCEPTED', status: 'S', type: 't' } as unknown as OrderEvent,
          };
        }),
    },
  });
  await one.follow(EVENTS, 0, records(EVENTS, 0, 1), signal);
  await one.follow(EVENTS, 0, records(EVENTS, 1, 2), signal);
  expect(memory.orders().map(({ total }) => total)).toEqual([500]);
});

import { expect, it } from 'vitest';
import type { OrderEvent } from '../../../schemas/index.ts';
import { COMMANDS, EVENTS } from '../../../topics/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';
import { type Metrics, noMetrics } from '../../shared/metrics/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import { createLedger } from '../matching/outcome-matcher.ts';
import { createMemory } from '../matching/recent-outcomes.ts';
import { createStateBook } from '../matching/snapshot-index.ts';
import { createDeadLetterIndex } from './dead-letter-index.ts';
import { createFollower, type Follower, type FollowerDeps } from './follower.ts';

const { signal } = new AbortController();
const starts = [COMMANDS, EVENTS].flatMap((topic) =>
  [0, 1].map((partition) => ({ topic, partition, offset: 0n })),
);

/** A follower of partitions 0 and 1. The value of an outcome is its source offset. */
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
    ledgers: new Map([0, 1].map((partition) => [partition, createLedger(partition, 0)])),
    memory: createMemory({ ordersMax: 10, eventsMax: 10 }),
    deadLetters: createDeadLetterIndex(),
    states: createStateBook({ statesMax: 10, fromTheStart: new Set() }),
    mysql: {} as Queryable,
    starts,
    metrics: noMetrics,
    ...parts,
  });
}

const records = (topic: string, from: number, to: number, partition = 0): InRecord[] =>
  Array.from({ length: to - from }, (_, n) => ({
    topic,
    partition,
    offset: BigInt(from + n),
    key: null,
    value: Buffer.from(String(from + n)),
    headers: {},
    timestampMs: 0,
  })) as InRecord[];

const safe = (one: Follower, of = 0) =>
  Object.fromEntries(
    one
      .safeOffsets()
      .filter(({ partition }) => partition === of)
      .map(({ topic, offset }) => [topic, Number(offset)]),
  );

it('never commits outcomes before their commands, because a restart would miss the commands', async () => {
  const one = follower();
  await one.follow(records(COMMANDS, 0, 3), signal);
  await one.follow(records(EVENTS, 0, 5), signal);
  expect(safe(one)).toEqual({ [COMMANDS]: 3, [EVENTS]: 0 });
  await one.follow(records(COMMANDS, 3, 5), signal);
  expect(safe(one)).toEqual({ [COMMANDS]: 5, [EVENTS]: 5 });
});

it('never commits outcomes after a missing outcome', async () => {
  const one = follower();
  await one.follow(records(COMMANDS, 0, 5), signal);
  await one.follow(records(EVENTS, 0, 2), signal);
  await one.follow(records(EVENTS, 3, 5), signal);
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
          const event = {
            orderId,
            version,
            sourceOffset: version - 1,
            sourcePartition: 0,
            order: null,
            money: null,
          };
          return {
            record,
            value: { ...event, outcome: 'APPLIED', status: 'S', type: 't' } as unknown as OrderEvent,
          };
        }),
    },
  });
  await one.follow(records(EVENTS, 0, 2), signal);
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
          const event = { orderId, version: 1, sourceOffset: 0, sourcePartition: 0, order, money: null };
          return {
            record,
            value: { ...event, outcome: 'ACCEPTED', status: 'S', type: 't' } as unknown as OrderEvent,
          };
        }),
    },
  });
  await one.follow(records(EVENTS, 0, 1), signal);
  await one.follow(records(EVENTS, 1, 2), signal);
  expect(memory.orders().map(({ total }) => total)).toEqual([500]);
});

/** Decodes a first outcome of an order, whose id has partition and source offset. */
const accepted: FollowerDeps['decoder'] = {
  decode: async (read) =>
    read.map((record) => {
      const { partition, offset } = record;
      const orderId = `${partition}0000000-0000-8000-8000-${String(offset).padStart(12, '0')}`;
      const event = {
        orderId,
        version: 1,
        sourceOffset: Number(offset),
        sourcePartition: partition,
        money: null,
      };
      return {
        record,
        value: {
          ...event,
          order: null,
          outcome: 'ACCEPTED',
          status: 'S',
          type: 't',
        } as unknown as OrderEvent,
      };
    }),
};

it('compares outcomes of several partitions with one query, and processes a repeated record once', async () => {
  const asked: number[] = [];
  const rows = async (_sql: string, params: number[] = []) => {
    asked.push(params.length);
    return [];
  };
  const taken: number[] = [];
  const metrics: Metrics = { ...noMetrics, inc: (...args: unknown[]) => void taken.push(Number(args[2])) };
  const one = follower({ metrics, mysql: { rows } as unknown as Queryable, decoder: accepted });
  const [first, second] = [records(EVENTS, 0, 2), records(EVENTS, 0, 3, 1)];
  await one.follow([...first, ...second, ...first], signal);
  // One range of keys per partition; then the missing rows by id.
  expect(asked).toEqual([4, 0]);
  expect(taken).toEqual([2, 3]);
  expect([0, 1].map((partition) => Number(one.position(EVENTS, partition)))).toEqual([2, 3]);
});

it('processes no record of any partition if the rows cannot be read', async () => {
  const rows = () => Promise.reject(new Error('the database is down'));
  const one = follower({ mysql: { rows } as unknown as Queryable, decoder: accepted });
  const all = [...records(COMMANDS, 0, 2), ...records(EVENTS, 0, 2), ...records(EVENTS, 0, 1, 1)];
  await expect(one.follow(all, signal)).rejects.toThrow('the database is down');
  expect(one.position(COMMANDS, 0)).toBe(0n);
  expect(one.unanswered()).toBe(0);
  expect(safe(one)).toEqual({ [COMMANDS]: 0, [EVENTS]: 0 });
});

it('never commits outcomes before their commands, if both arrive together', async () => {
  const one = follower();
  await one.follow(
    [...records(EVENTS, 0, 4), ...records(COMMANDS, 0, 3), ...records(EVENTS, 0, 2, 1)],
    signal,
  );
  expect(safe(one)).toEqual({ [COMMANDS]: 3, [EVENTS]: 0 });
  expect(safe(one, 1)).toEqual({ [COMMANDS]: 0, [EVENTS]: 0 });
  await one.follow([...records(COMMANDS, 0, 2, 1), ...records(COMMANDS, 3, 4)], signal);
  expect(safe(one)).toEqual({ [COMMANDS]: 4, [EVENTS]: 4 });
  expect(safe(one, 1)).toEqual({ [COMMANDS]: 2, [EVENTS]: 2 });
});

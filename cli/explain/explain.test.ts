/** The work of `explain` on an order with a long life. */
import type { Connection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { COMMANDS, EVENTS } from '../../topics/catalogue.ts';
import { partitionOfOrder } from '../../topics/partition.ts';
import type { Decoder } from '../kafka/decoder.ts';
import type { LogReader, LogRecord } from '../kafka/log-reader.ts';
import { explainOrder } from './explain.ts';

const orderId = '0c9f7f0e-0000-8000-8000-000000000000';
const otherId = '0c9f7f0e-0000-8000-8000-000000000001';
const partition = partitionOfOrder(orderId);

/** Explains an order with `lives` commands and outcomes, and counts the work. Each has a neighbour of another order. */
async function workFor(lives: number) {
  const work = { statements: 0, reads: 0, decoded: 0 };
  const db = {
    query: (sql: string) => {
      work.statements += 1;
      return [sql.includes('nowMs') ? [{ nowMs: 1 }] : []];
    },
  } as unknown as Connection;
  const record = (topic: string, offset: number): LogRecord => ({
    ...{ topic, partition, offset, timestampMs: 1, value: null, headers: {} },
    key: Buffer.from(offset % 2 === 0 ? orderId : otherId),
  });
  const reader = {
    ranges: async () => Array.from({ length: 12 }, () => ({ low: 0, high: lives * 2 })),
    async *read(topic: string) {
      work.reads += 1;
      yield Array.from({ length: lives * 2 }, (_, offset) => record(topic, offset));
    },
  } as unknown as LogReader;
  const decode = async () => {
    work.decoded += 1;
    return { kind: 'poison', code: 'X', message: 'x' } as const;
  };
  const decoder: Decoder = { command: decode, event: decode, state: null };
  const life = await explainOrder(orderId, { db, reader, decoder });
  expect([life.commands.length, life.outcomes.length]).toEqual([lives, lives]);
  return work;
}

test('an order with 100 events takes as many statements and reads as one with a single event', async () => {
  const [one, many] = [await workFor(1), await workFor(100)];
  expect(many).toEqual({ ...one, decoded: 200 });
  expect(one).toMatchObject({ reads: [COMMANDS, EVENTS].length, decoded: 2 });
});

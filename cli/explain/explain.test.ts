/** The work of `explain` on an order with a long life. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import type { LaneRow } from '../../services/inspection/index.ts';
import { COMMANDS, EVENTS } from '../../topics/catalogue.ts';
import { partitionOfOrder } from '../../topics/partition.ts';
import type { Decoder } from '../kafka/decoder.ts';
import type { LogReader, LogRecord, Range } from '../kafka/log-reader.ts';
import { explainOrder } from './explain.ts';
import { startOf } from './log-starts.ts';

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

describe('the start in the logs', () => {
  const lane = { next: 900 } as LaneRow;
  const order = { source_offset: 500, created_at_ms: 70 } as RowDataPacket;
  const none = { order: null, storedCommands: [], deadLetters: [] };

  test('is the first decided command, and the time of its outcome', () => {
    const storedCommands = [
      { source_offset: 480, at_ms: 60 },
      { source_offset: 510, at_ms: 80 },
    ] as RowDataPacket[];
    expect(startOf({ ...none, order }, lane)).toEqual({ commandOffset: 500, atMs: 70 });
    expect(startOf({ ...none, order, storedCommands }, lane)).toEqual({ commandOffset: 480, atMs: 60 });
    const deadLetters = [{ source_offset: 470, first_failed_at_ms: 55 }] as RowDataPacket[];
    expect(startOf({ order, storedCommands, deadLetters }, lane)).toEqual({ commandOffset: 470, atMs: 55 });
  });

  test('is the position of the lane if rows name later offsets of a log that was made anew', () => {
    expect(startOf({ ...none, order }, { ...lane, next: 20 })).toMatchObject({ commandOffset: 20 });
  });

  test('is unknown without a row, or without a lane', () => {
    expect(startOf(none, lane)).toBeNull();
    expect(startOf({ ...none, order }, null)).toBeNull();
  });

  test('is where explain begins to read; at the first record if the log does not have it', async () => {
    expect(await startsOfReads({ low: 10, high: 2_000 })).toEqual({ [COMMANDS]: 500, [EVENTS]: 640 });
    expect(await startsOfReads({ low: 10, high: 400 })).toEqual({ [COMMANDS]: 10, [EVENTS]: 10 });
    expect(await startsOfReads({ low: 1_000, high: 2_000 })).toEqual({ [COMMANDS]: 1_000, [EVENTS]: 1_000 });
  });

  async function startsOfReads(range: Range) {
    const starts: Record<string, number> = {};
    const reader = {
      ranges: async () => Array.from({ length: 12 }, () => range),
      offsetsAt: async (_topic: string, atMs: number) =>
        Array.from({ length: 12 }, () => (atMs === 70 ? 640 : 0)),
      // biome-ignore lint/correctness/useYield: the logs have no record of the order.
      async *read(topic: string, _partition: number, from: number) {
        starts[topic] = from;
      },
    } as unknown as LogReader;
    const db = {
      query: (sql: string) => {
        if (sql.includes('nowMs')) return [[{ nowMs: 1 }]];
        if (sql.includes('lane_positions')) return [[{ partition, next: 900, published: 900 }]];
        return [sql.includes(' FROM orders WHERE order_id') ? [{ ...order, order_key: 1, version: 1 }] : []];
      },
    } as unknown as Connection;
    await explainOrder(orderId, { db, reader, decoder: { state: null } as unknown as Decoder });
    return starts;
  }
});

import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { Failure } from '../application/common/failure.ts';
import { createTickets } from '../application/common/ticket.ts';
import { createPartitionProgress } from '../application/read/partition-progress.ts';
import { createStreams, heartbeatParts } from './streams.ts';

const clock = { nowMs: () => 0, monotonicMs: () => 0 };

function openStreams(count: number, expiresAtMs = Number.MAX_SAFE_INTEGER) {
  const time = { ms: 0 };
  const streams = createStreams({
    outcomes: { watch: () => () => undefined },
    readStatus: async () => new Failure('NOT_FOUND'),
    tickets: createTickets(['secret-secret-secret'], 'log'),
    progress: createPartitionProgress({ partitions: 1, clock }),
    nowMs: () => time.ms,
  });
  const clients = Array.from({ length: count }, (_, index) => {
    const client = Object.assign(new EventEmitter(), {
      beats: 0,
      req: {},
      writableLength: 0,
      writableEnded: false,
      last: '',
      end(text: string) {
        client.last = text;
        client.writableEnded = true;
      },
      writeHead: () => undefined,
      write(text: string) {
        if (text === ':\n\n') client.beats++;
      },
    });
    streams.open(
      client as unknown as ServerResponse,
      { orderId: String(index), customerId: 'c', ticket: null, expiresAtMs },
      0,
    );
    return client;
  });
  const beats = (times: number): number[] => {
    for (let i = 0; i < times; i++) streams.beat();
    return clients.map((client) => client.beats);
  };
  return { streams, clients, beats, time };
}

describe('heartbeats', () => {
  test.each([1, 59, 60, 1_000])('%i streams get one heartbeat each, and no call serves many', (count) => {
    const { beats } = openStreams(count);
    const first = beats(1).reduce((sum, each) => sum + each, 0);
    expect(first).toBeLessThanOrEqual(Math.ceil(count / heartbeatParts));
    // Sixtieths do not add up exactly: one more call is allowed for the last stream.
    const { 0: fewest, length, [length - 1]: most } = beats(heartbeatParts).toSorted((a, b) => a - b);
    expect([fewest, most! <= 2]).toEqual([1, true]);
  });

  test('a stream that ends is skipped, and the others keep their turns', () => {
    const { clients, beats } = openStreams(120);
    beats(1);
    clients[1]!.emit('close');
    clients[2]!.emit('close');
    const after = beats(heartbeatParts);
    expect(after.filter((each) => each === 0)).toHaveLength(1);
  });
});

describe('the end of the token', () => {
  test('ends its streams within a second, with an event that gives the reason', () => {
    const { streams, clients, time } = openStreams(3, 60_000);
    time.ms = 59_000;
    streams.beat();
    expect(clients.map(({ writableEnded }) => writableEnded)).toEqual([false, false, false]);
    time.ms = 60_000;
    streams.beat();
    for (const { last } of clients) {
      expect(last).toMatch(/^event: closed\ndata: \{.*"TOKEN_EXPIRED".*\}\n\n$/);
    }
  });

  test('ends its streams also if the clock jumps by years', () => {
    const { streams, clients, time } = openStreams(2, 60_000);
    time.ms = 400 * 86_400_000;
    streams.beat();
    expect(clients.every(({ writableEnded }) => writableEnded)).toBe(true);
  });
});

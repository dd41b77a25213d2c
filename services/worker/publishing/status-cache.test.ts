import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Decision, decide, noCouponLevels, noMoneyRows, noRules } from '../../domain/index.ts';
import { cancel, orderIdOf, place, products, toLog } from '../../domain/testing/commands.ts';
import { encodeMessages } from '../../orders-db/index.ts';
import { bundledCodecs } from '../../shared/codec/index.ts';
import type { OutMessage } from '../../shared/kafka/index.ts';
import { type Metrics, noMetrics } from '../../shared/metrics/index.ts';
import type { Redis } from '../../shared/redis/index.ts';
import { createStatusCache } from './status-cache.ts';

const settings = { nowMs: 1_700_000_000_000, paymentWindowMs: 60_000, returnWindowMs: 600_000 };
const none = new Map();
const lines = [{ sku: 'A', quantity: 1, expectedUnitPrice: null }];

function decisionOf(...commands: Parameters<typeof toLog>[0]): Decision {
  const snapshot = {
    products,
    priceVersion: 1,
    rules: noRules,
    couponLevels: noCouponLevels,
    unpaidLevels: new Map(),
    stockLevels: none,
    stocked: new Set<string>(),
    orders: none,
    commands: none,
    money: noMoneyRows,
  };
  return decide(snapshot, toLog(commands), settings);
}

/** The last value of the gauge. */
let unwritten = 0;
const set = (_name: string, value: number): void => {
  unwritten = value;
};
const metrics: Metrics = { ...noMetrics, set: set as Metrics['set'] };
const { events: codec } = bundledCodecs({ commandsId: 1, eventsId: 2 });

/** `fails` is the number of calls that Redis does not answer, starting with the first. */
function createFakeRedis(status: ReturnType<Redis['status']> = 'ready', fails = 0) {
  const calls: { keys: readonly string[]; args: readonly unknown[] }[] = [];
  let scripts = 0;
  const redis = {
    status: () => status,
    async run(fn: (client: never) => Promise<unknown>, fallback: unknown) {
      const result = await fn(undefined as never);
      return calls.length <= fails ? fallback : result;
    },
    script: () => {
      scripts += 1;
      return async (_client: unknown, keys: readonly string[], args: readonly unknown[]) => {
        calls.push({ keys, args });
        return 0;
      };
    },
  } as Partial<Redis> as Redis;
  return { redis, calls, scripts: () => scripts };
}

/** Encodes the entries of a decision, and writes them. */
function cacheOf({ redis }: { redis: Redis }) {
  const cache = createStatusCache({ redis, codec, metrics });
  return (decision: Decision) => cache.write(cache.entriesOf(decision, settings.nowMs));
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the status cache', () => {
  it('writes new orders as clients see them, in one call', () => {
    const { redis, calls } = createFakeRedis();
    const gone = [{ sku: 'unknown', quantity: 1, expectedUnitPrice: null }];
    cacheOf({ redis })(decisionOf(place({ order: 1, lines }), place({ order: 2, lines: gone })));
    const [{ keys, args }] = calls as [(typeof calls)[number]];
    expect(keys).toEqual([`os:{${orderIdOf(1)}}`, `os:{${orderIdOf(2)}}`]);
    expect([args[0], args[1], args[3]]).toEqual([60_000, 1, 1]);
    expect(JSON.parse(args[2] as string)).toMatchObject({
      id: orderIdOf(1),
      status: 'PENDING_PAYMENT',
      version: 1,
      totals: { total: 250 },
    });
    expect(JSON.parse(args[4] as string)).toMatchObject({
      status: 'REJECTED',
      reason: { code: 'UNKNOWN_SKU' },
    });
  });

  it('invalidates a changed order once, at its newest version', () => {
    const { redis, calls } = createFakeRedis();
    cacheOf({ redis })(decisionOf(place({ order: 1, lines }), cancel({ order: 1 })));
    expect(calls[0]).toEqual({ keys: [`os:{${orderIdOf(1)}}`], args: [60_000, 2, ''] });
  });

  it('writes nothing without changes, and no new orders while Redis is unavailable', () => {
    const ready = createFakeRedis();
    cacheOf(ready)(decisionOf(cancel({ order: 1 }), null));
    const away = createFakeRedis('skipping');
    cacheOf(away)(decisionOf(place({ order: 1, lines })));
    expect([...ready.calls, ...away.calls]).toEqual([]);
  });

  it('creates its script once', () => {
    const fake = createFakeRedis();
    const write = cacheOf(fake);
    for (const order of [1, 2, 3]) write(decisionOf(place({ order, lines })));
    expect([fake.scripts(), fake.calls.length]).toEqual([1, 3]);
  });
});

describe('a change that is not in Redis', () => {
  const changed = () =>
    decisionOf(place({ order: 1, lines }), cancel({ order: 1 }), place({ order: 2, lines }));
  const marker = { keys: [`os:{${orderIdOf(1)}}`], args: [60_000, 2, ''] };

  it('is retried until it is written; a new order is not retried', async () => {
    const { redis, calls } = createFakeRedis('ready', 3);
    const cache = createStatusCache({ redis, codec, metrics });
    cache.write(cache.entriesOf(changed(), settings.nowMs));
    await vi.advanceTimersByTimeAsync(0);
    expect([calls.length, unwritten]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls.slice(1)).toEqual([marker, marker, marker]);
    expect([unwritten, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('is encoded while Redis is unavailable', () => {
    const { redis } = createFakeRedis('connecting');
    const entries = createStatusCache({ redis, codec, metrics }).entriesOf(changed(), settings.nowMs);
    expect(entries).toEqual([{ orderId: orderIdOf(1), version: 2, body: '' }]);
  });

  it('is dropped by a worker that stops', async () => {
    const { redis } = createFakeRedis('ready', 100);
    const cache = createStatusCache({ redis, codec, metrics });
    cache.write(cache.entriesOf(changed(), settings.nowMs));
    await vi.advanceTimersByTimeAsync(0);
    cache.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is read from the outbox of the worker that decided it, among other messages', async () => {
    const { redis, calls } = createFakeRedis();
    const message = { topic: 'orders.events.v1', partition: 0, key: null, headers: {}, timestampMs: 1 };
    const events = changed().events.map((event): OutMessage => ({ ...message, value: codec.encode(event) }));
    const others = [
      { ...message, value: Buffer.from('of a newer build') },
      { ...message, topic: 'orders.commands.v1.dlq', value: null },
    ];
    createStatusCache({ redis, codec, metrics }).writeStored(encodeMessages([...others, ...events]));
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toEqual([marker]);
  });
});

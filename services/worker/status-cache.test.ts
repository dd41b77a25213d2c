import { describe, expect, it } from 'vitest';
import { type Decision, decide } from '../domain/index.ts';
import { cancel, orderIdOf, place, products, toLog } from '../domain/test-commands.ts';
import type { Redis } from '../shared/redis/index.ts';
import { createStatusCache } from './status-cache.ts';

const settings = { nowMs: 1_700_000_000_000, paymentWindowMs: 60_000 };
const none = new Map();
const lines = [{ sku: 'A', quantity: 1, expectedUnitPrice: null }];

function decisionOf(...commands: Parameters<typeof toLog>[0]): Decision {
  const snapshot = { products, priceVersion: 1, stockLevels: none, orders: none, commands: none };
  return decide(snapshot, toLog(commands), settings);
}

function createFakeRedis(status: ReturnType<Redis['status']> = 'ready') {
  const calls: { keys: readonly string[]; args: readonly unknown[] }[] = [];
  let scripts = 0;
  const redis = {
    status: () => status,
    async run(fn: (client: never) => Promise<unknown>) {
      await fn(undefined as never);
    },
    script: (_lua: string, numberOfKeys: number) => {
      scripts += 1;
      return async (_client: unknown, keys: readonly string[], args: readonly unknown[]) => {
        expect(keys).toHaveLength(numberOfKeys);
        calls.push({ keys, args });
      };
    },
  } as Partial<Redis> as Redis;
  return { redis, calls, scripts: () => scripts };
}

/** Lays out what a decision comes to, and writes it. */
function cacheOf({ redis }: { redis: Redis }) {
  const cache = createStatusCache({ redis });
  return (decision: Decision) => cache.write(cache.entriesOf(decision, settings.nowMs));
}

describe('the status cache', () => {
  it('writes new orders as clients see them, in one call', () => {
    const { redis, calls } = createFakeRedis();
    const gone = [{ sku: 'unknown', quantity: 1, expectedUnitPrice: null }];
    cacheOf({ redis })(decisionOf(place({ order: 1, lines }), place({ order: 2, lines: gone })));
    const [{ keys, args }] = calls as [(typeof calls)[number]];
    expect(keys).toEqual([`os:{${orderIdOf(1)}}`, `os:{${orderIdOf(2)}}`]);
    expect([args[0], args[1], args[3]]).toEqual([3_600_000, 1, 1]);
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

  it('says of a changed order only that it is newer, once and at its newest version', () => {
    const { redis, calls } = createFakeRedis();
    cacheOf({ redis })(decisionOf(place({ order: 1, lines }), cancel({ order: 1 })));
    expect(calls[0]).toEqual({ keys: [`os:{${orderIdOf(1)}}`], args: [3_600_000, 2, ''] });
  });

  it('writes nothing where nothing changed, and nothing while Redis is away', () => {
    const ready = createFakeRedis();
    cacheOf(ready)(decisionOf(cancel({ order: 1 }), null));
    const away = createFakeRedis('skipping');
    cacheOf(away)(decisionOf(place({ order: 1, lines })));
    expect([...ready.calls, ...away.calls]).toEqual([]);
  });

  it('makes a script once for each number of orders', () => {
    const fake = createFakeRedis();
    const write = cacheOf(fake);
    for (const order of [1, 2, 3]) write(decisionOf(place({ order, lines })));
    expect([fake.scripts(), fake.calls.length]).toEqual([1, 3]);
  });
});

/** The status cache in Redis: written by the worker after it has published, primed here after a read of MySQL. */
import type { OrderResource } from '../domain/index.ts';
import type { Redis } from '../shared/redis/index.ts';

export interface OrderCache {
  /** The cached order, `missing`, or `fault` when Redis did not answer properly in time. */
  find(orderId: string): Promise<OrderResource | 'missing' | 'fault'>;
  /** Puts an order there unless a newer version is. Does not wait. */
  prime(order: OrderResource): void;
}

const ttlMs = 3_600_000;

const setIfNewer = `
local was = redis.call('HMGET', KEYS[1], 'v', 'b')
local v = tonumber(was[1] or '-1')
local new = tonumber(ARGV[1])
if v > new or (v == new and was[2] ~= '') then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[1], 'b', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

export function createOrderCache({ redis }: { redis: Redis }): OrderCache {
  const prime = redis.script(setIfNewer, 1);
  return {
    async find(orderId) {
      const body = await redis.run((client) => client.hget(keyOf(orderId), 'b'), 'fault' as const);
      // An empty body only says which version there is by now.
      if (body === null || body === '') return 'missing';
      return body === 'fault' ? 'fault' : readBody(body, orderId);
    },
    prime(order) {
      void redis.run(
        (client) => prime(client, [keyOf(order.id)], [order.version, JSON.stringify(order), ttlMs]),
        null,
      );
    },
  };
}

function keyOf(orderId: string): string {
  return `os:{${orderId}}`;
}

/** What is no order of this id counts as a fault: MySQL then tells. */
function readBody(body: string, orderId: string): OrderResource | 'fault' {
  try {
    const order = JSON.parse(body) as OrderResource;
    return order.id === orderId && Number.isInteger(order.version) ? order : 'fault';
  } catch {
    // An outcome: the cache is never the truth.
    return 'fault';
  }
}

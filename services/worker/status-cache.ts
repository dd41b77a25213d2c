/**
 * Writes the state of decided orders to Redis once their outcomes are published, so that most reads never reach
 * MySQL. A write that is lost costs a reader one read of MySQL, never the truth: versions only go up in there.
 */
import { type Decision, type NewOrder, type OrderView, orderResource } from '../domain/index.ts';
import type { Redis } from '../shared/redis/index.ts';

export interface StatusCache {
  /** Writes all orders of a decision in one round trip. Does not wait and never fails. */
  write(decision: Decision, nowMs: number): void;
}

const ttlMs = 3_600_000;

/** KEYS: orders; ARGV: ttl, then version and body of each. An empty body says: newer than what is cached, read MySQL. */
const setNewer = `
for i, key in ipairs(KEYS) do
  local version = ARGV[2 * i]
  local v = tonumber(redis.call('HGET', key, 'v') or '-1')
  if v < tonumber(version) then
    redis.call('HSET', key, 'v', version, 'b', ARGV[2 * i + 1])
    redis.call('PEXPIRE', key, ARGV[1])
  end
end
return 0`;

export function createStatusCache({ redis }: { redis: Redis }): StatusCache {
  const scripts = new Map<number, ReturnType<Redis['script']>>();
  const scriptFor = (keys: number) => {
    let script = scripts.get(keys);
    if (script === undefined) {
      script = redis.script(setNewer, keys);
      scripts.set(keys, script);
    }
    return script;
  };
  return {
    write(decision, nowMs) {
      if (redis.status() !== 'ready') return;
      const entries = new Map<string, { version: number; body: string }>();
      for (const order of decision.newOrders) {
        entries.set(order.command.orderId!, {
          version: 1,
          body: JSON.stringify(orderResource(viewOf(order, nowMs))),
        });
      }
      for (const change of decision.changes) {
        entries.set(change.orderId, { version: change.fromVersion + 1, body: '' });
      }
      if (entries.size === 0) return;
      const keys = [...entries.keys()].map((orderId) => `os:{${orderId}}`);
      const args = [...entries.values()].flatMap(({ version, body }) => [version, body]);
      void redis.run((client) => scriptFor(keys.length)(client, keys, [ttlMs, ...args]), null);
    },
  };
}

function viewOf(order: NewOrder, nowMs: number): OrderView {
  const { command, priced, status, reason, paymentDueAtMs } = order;
  const { lines, subtotal, discount, shipping, tax, total } = priced;
  return {
    orderId: command.orderId!,
    version: 1,
    status,
    customerId: command.customerId!,
    currency: command.payload.currency,
    lines,
    subtotal,
    discount,
    shipping,
    tax,
    total,
    couponCode: command.payload.couponCode,
    reason,
    paymentDueAtMs,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

/**
 * The states of decided orders in Redis: written by the worker once they stand, filled by a reader after it had to ask
 * MySQL. Versions only go up in there, and each state ends by itself soon.
 *
 *     os:{order id} → v: version, b: the order as JSON, '' for "this version exists, read MySQL"
 */
import type { Redis } from './redis.ts';

export interface OrderStatusEntry {
  readonly orderId: string;
  readonly version: number;
  /** JSON of the order at this version; '' says that MySQL has to be read, and may be filled in later. */
  readonly body: string;
}

export interface OrderStatuses {
  /** Writes those that are newer than what is there, in one round trip. False where Redis did not say that it has them; never fails. */
  write(entries: readonly OrderStatusEntry[]): Promise<boolean>;
  /** The body of an order, '' when only its version is known; null when nothing is; `fault` without a proper answer. */
  body(orderId: string): Promise<string | null | 'fault'>;
}

/** A state ends so long after it was written, should a later one be lost: who reads it again costs MySQL one read. */
const ttlMs = 60_000;

/** KEYS: orders; ARGV: ttl, then version and body of each. */
const setNewer = `
for i, key in ipairs(KEYS) do
  local version, body = ARGV[2 * i], ARGV[2 * i + 1]
  local was = redis.call('HMGET', key, 'v', 'b')
  local v = tonumber(was[1] or '-1')
  if v < tonumber(version) or (v == tonumber(version) and was[2] == '' and body ~= '') then
    redis.call('HSET', key, 'v', version, 'b', body)
    redis.call('PEXPIRE', key, ARGV[1])
  end
end
return 0`;

export function createOrderStatuses({ redis }: { redis: Pick<Redis, 'run' | 'script'> }): OrderStatuses {
  const script = redis.script(setNewer);
  return {
    async write(entries) {
      if (entries.length === 0) return true;
      const keys = entries.map(({ orderId }) => orderStatusKey(orderId));
      const args = entries.flatMap(({ version, body }) => [version, body]);
      return redis.run(async (client) => {
        // What the script returns; anything else was not written by it.
        return (await script(client, keys, [ttlMs, ...args])) === 0;
      }, false);
    },
    body: (orderId) =>
      redis.run<string | null, 'fault'>(
        async (client) => textOrNull(await client.hget(orderStatusKey(orderId), 'b')),
        'fault',
      ),
  };
}

/** Throws for what is no answer to HGET: it then counts as a failure of Redis. */
function textOrNull(answer: unknown): string | null {
  if (answer !== null && typeof answer !== 'string')
    throw new Error('Redis answered something else than text');
  return answer;
}

/** Behind the installation's prefix, which the client puts in front of every key. */
export function orderStatusKey(orderId: string): string {
  return `os:{${orderId}}`;
}

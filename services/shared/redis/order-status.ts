/**
 * The states of decided orders in Redis. The worker writes them after COMMIT. A reader that had to query MySQL
 * also writes them. Versions only grow, and each state expires soon.
 *
 * os:{order id} → v: version, b: the order as JSON, '' for "this version exists, read MySQL"
 */
import type { Redis } from './redis.ts';

export interface OrderStatusEntry {
  readonly orderId: string;
  readonly version: number;
  /**
   * JSON of the order at this version. '' means that the reader must query MySQL, and may then write the JSON.
   */
  readonly body: string;
}

export interface OrderStatuses {
  /**
   * Writes the states that are newer than those in Redis, in one round trip. Returns false if Redis did not
   * confirm. Never rejects.
   */
  write(entries: readonly OrderStatusEntry[]): Promise<boolean>;
  /**
   * The body of an order; '' if Redis has only its version, null if it has nothing. `fault` means that Redis
   * gave no valid answer.
   */
  body(orderId: string): Promise<string | null | 'fault'>;
}

/** A state expires after this time, in case a later one is lost. The next reader then queries MySQL once. */
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
        // The script returns 0. Any other value does not come from the script.
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

/** Throws for an invalid answer to HGET, which then counts as a failure of Redis. */
function textOrNull(answer: unknown): string | null {
  if (answer !== null && typeof answer !== 'string')
    throw new Error('Redis returned something other than text');
  return answer;
}

/** The key without the installation's prefix, which the client adds to every key. */
export function orderStatusKey(orderId: string): string {
  return `os:{${orderId}}`;
}

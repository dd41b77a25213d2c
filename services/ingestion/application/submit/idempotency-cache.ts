/**
 * Accepted orders in Redis: fingerprint, log position and leader epoch by order id. An entry is set only after the
 * acknowledgement, so it proves that the command was in the log then. A missing entry proves nothing. An entry
 * alone is not enough. The id of the log is part of the key, and the partition must still have the epoch. So an
 * entry from before the log was truncated or recreated does not count.
 */
import { partitionOfOrder } from '../../../../topics/index.ts';
import type { Redis } from '../../../shared/redis/index.ts';
import { createBatcher } from '../common/batcher.ts';
import type { KnownSubmission } from '../read/order-store.ts';
import type { LogTrust } from './log-trust.ts';

export interface IdempotencyCache {
  /** Results by position; null if there is no entry, or Redis does not respond in time. */
  find(orderIds: readonly string[]): Promise<readonly (KnownSubmission | null)[]>;
  /** Does not wait. A lost entry only costs speed. */
  set(orderId: string, known: KnownSubmission): void;
}

const ttlSeconds = 86_400;
const batchMax = 200;
const pendingMax = 5_000;
/** A call costs as much as thirty of its keys, so a short linger is cheaper than many small calls. */
const readLingerMs = 1;
const writeLingerMs = 5;

const setAll = `
for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1], 'EX', ARGV[1]) end
return #KEYS`;

export interface IdempotencyCacheDeps {
  readonly redis: Pick<Redis, 'run'>;
  /** Id of the command topic, as the cluster reports it. */
  readonly logId: string;
  readonly trust: Pick<LogTrust, 'holds'>;
}

export function createIdempotencyCache({ redis, logId, trust }: IdempotencyCacheDeps): IdempotencyCache {
  const keyOf = (orderId: string): string => `os:idem:${logId}:${orderId}`;
  const lookups = createBatcher<string, KnownSubmission | null>({
    run: async (orderIds) => {
      const values = await redis.run(async (client) => {
        const answer: unknown = await client.mget(orderIds.map(keyOf));
        // Such a response counts as a failure of Redis, because its values may belong to other orders.
        if (!Array.isArray(answer) || answer.length !== orderIds.length)
          throw new Error('Redis returned invalid idempotency entries');
        return answer as unknown[];
      }, null);
      return orderIds.map((orderId, i) => {
        const entry = readEntry(values?.[i], orderId);
        return entry !== null && trust.holds(entry.position, entry.epoch) ? entry : null;
      });
    },
    fallback: null,
    onFailure: () => undefined,
    batchMax,
    inFlightMax: 2,
    lingerMs: readLingerMs,
    timeoutMs: 100,
    restMs: 0,
  });
  let pending: { key: string; value: string }[] = [];

  const flush = (): void => {
    const batch = pending;
    pending = [];
    for (let from = 0; from < batch.length; from += batchMax) {
      const part = batch.slice(from, from + batchMax);
      const keys = part.map(({ key }) => key);
      const values = part.map(({ value }) => value);
      void redis.run((client) => client.eval(setAll, keys.length, ...keys, ttlSeconds, ...values), null);
    }
  };

  return {
    find: lookups.load,
    set(orderId, known) {
      // An order that is in the database needs no cache entry.
      if (known.epoch === null || pending.length >= pendingMax) return;
      if (pending.length === 0) setTimeout(flush, writeLingerMs);
      pending.push({ key: keyOf(orderId), value: writeEntry(known) });
    },
  };
}

function writeEntry({ fingerprint, position, epoch }: KnownSubmission): string {
  return `${position.partition}.${position.offset}.${epoch}.${fingerprint}`;
}

const entryForm = /^(\d{1,5})\.(\d{1,16})\.(\d{1,10})\.([A-Za-z0-9_-]{43})$/;

/** Null for an invalid entry, and for an entry of another order. */
function readEntry(text: unknown, orderId: string): (KnownSubmission & { epoch: number }) | null {
  const parts = typeof text === 'string' ? entryForm.exec(text) : null;
  if (parts === null) return null;
  const position = { partition: Number(parts[1]), offset: Number(parts[2]) };
  if (position.partition !== partitionOfOrder(orderId) || !Number.isSafeInteger(position.offset)) return null;
  return { position, epoch: Number(parts[3]), fingerprint: parts[4]! };
}

/**
 * Marks of accepted places in Redis: fingerprint and log position by order id. A mark is only ever set after the
 * acknowledgement, so its presence proves that the command is in the log; its absence proves nothing. That log is part
 * of the key: when the topic was deleted or the cluster made anew, the marks of before are not found.
 */
import type { Redis } from '../shared/redis/index.ts';
import { createBatcher } from './batcher.ts';
import type { Placed } from './order-store.ts';

export interface Marks {
  /** Answers by position; null where there is no mark, or Redis does not tell in time. */
  find(orderIds: readonly string[]): Promise<readonly (Placed | null)[]>;
  /** Does not wait; what is lost only costs speed. */
  set(orderId: string, placed: Placed): void;
}

const ttlSeconds = 86_400;
const batchMax = 200;
const pendingMax = 5_000;
/** A call costs as much as thirty of its keys: a short wait for company is cheaper than being quick. */
const readLingerMs = 1;
const writeLingerMs = 5;

const setAll = `
for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1], 'EX', ARGV[1]) end
return #KEYS`;

export interface MarksDeps {
  readonly redis: Pick<Redis, 'run'>;
  /** Id of the command topic, as the cluster gave it. */
  readonly logId: string;
}

export function createMarks({ redis, logId }: MarksDeps): Marks {
  const keyOf = (orderId: string): string => `os:idem:${logId}:${orderId}`;
  const lookups = createBatcher<string, Placed | null>({
    run: async (orderIds) => {
      const values = await redis.run((client) => client.mget(orderIds.map(keyOf)), null);
      return values === null ? orderIds.map(() => null) : values.map(readMark);
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
    set(orderId, placed) {
      if (pending.length >= pendingMax) return;
      if (pending.length === 0) setTimeout(flush, writeLingerMs);
      pending.push({ key: keyOf(orderId), value: writeMark(placed) });
    },
  };
}

function writeMark({ fingerprint, position }: Placed): string {
  return `${position.partition}.${position.offset}.${fingerprint}`;
}

function readMark(text: string | null): Placed | null {
  const parts = text === null ? null : /^(\d{1,5})\.(\d{1,16})\.([A-Za-z0-9_-]{43})$/.exec(text);
  if (parts === null) return null;
  return {
    position: { partition: Number(parts[1]), offset: Number(parts[2]) },
    fingerprint: parts[3]!,
  };
}

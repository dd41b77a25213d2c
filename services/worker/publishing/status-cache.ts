/**
 * Writes the state of decided orders to Redis, so that most reads never reach MySQL. If Redis misses a new order, a
 * reader reads MySQL once. If Redis misses a change, it keeps an older state. So this process retries a change until
 * Redis has it. The next owner of the lane writes the changes whose outcomes were not published yet.
 */
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import type { Decision } from '../../domain/index.ts';
import type { Codec } from '../../shared/codec/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import { createOrderStatuses, type OrderStatusEntry, type Redis } from '../../shared/redis/index.ts';
import { changesIn, statusesOf } from './status-entries.ts';

export interface StatusCache {
  /** The states of all orders of a decision. While Redis is unavailable, only the states that replace an older one. */
  entriesOf(decision: Decision, nowMs: number): OrderStatusEntry[];
  /** Writes the entries in one round trip. Does not wait and never fails. */
  write(entries: readonly OrderStatusEntry[]): void;
  /**
   * Invalidates the orders that an outbox row changed. The worker that decided them may have crashed before it wrote
   * to Redis.
   */
  writeStored(blob: Buffer): void;
  stop(): void;
}

const retryEveryMs = 500;
/** Maximum number of orders in one call. */
const retryOrders = 500;
/** Maximum number of unwritten orders. The oldest are dropped, because their states in Redis expire after a minute. */
const unwrittenMax = 50_000;

export function createStatusCache(deps: {
  redis: Redis;
  codec: Pick<Codec<OrderEvent>, 'decode'>;
  metrics: Metrics;
}): StatusCache {
  const { redis, codec, metrics } = deps;
  const statuses = createOrderStatuses({ redis });
  const unwritten = new Map<string, OrderStatusEntry>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const keep = (entries: readonly OrderStatusEntry[]): void => {
    for (const { orderId, version } of entries) {
      if (version === 1 || version <= (unwritten.get(orderId)?.version ?? 0)) continue;
      unwritten.set(orderId, { orderId, version, body: '' });
    }
    const tooMany = unwritten.size - unwrittenMax;
    if (tooMany > 0) for (const orderId of [...unwritten.keys()].slice(0, tooMany)) unwritten.delete(orderId);
    if (unwritten.size > 0 && !stopped) timer ??= setTimeout(() => void retry(), retryEveryMs);
    metrics.set('worker_statuses_unwritten', unwritten.size);
  };
  const write = async (entries: readonly OrderStatusEntry[]): Promise<void> => {
    if (!(await statuses.write(entries))) keep(entries);
  };
  /** Writes the unwritten orders again, until a call fails. */
  const retry = async (): Promise<void> => {
    let failed: OrderStatusEntry[] = [];
    while (unwritten.size > 0 && failed.length === 0 && !stopped) {
      const again = [...unwritten.values()].slice(0, retryOrders);
      for (const { orderId } of again) unwritten.delete(orderId);
      if (!(await statuses.write(again))) failed = again;
    }
    timer = undefined;
    keep(failed);
  };

  return {
    entriesOf: (decision, nowMs) => statusesOf(decision, nowMs, redis.status() === 'ready'),
    write: (entries) => void write(entries),
    writeStored: (blob) => void write(changesIn(blob, codec)),
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

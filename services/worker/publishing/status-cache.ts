/**
 * Writes the state of decided orders to Redis, so that most reads never reach MySQL. A new order that is not written costs a
 * reader one read of MySQL. A change that is not written would leave an older state there, so it is tried again until
 * Redis has it, by this process or, where its outcome was not published yet, by the lane's next owner.
 */
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import type { Decision } from '../../domain/index.ts';
import type { Codec } from '../../shared/codec/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import { createOrderStatuses, type OrderStatusEntry, type Redis } from '../../shared/redis/index.ts';
import { changesIn, statusesOf } from './status-entries.ts';

export interface StatusCache {
  /** The states of all orders of a decision; while Redis is away only those that make an older one wrong. */
  entriesOf(decision: Decision, nowMs: number): OrderStatusEntry[];
  /** Writes them in one round trip. Does not wait and never fails. */
  write(entries: readonly OrderStatusEntry[]): void;
  /** Says of the orders that an outbox row changed that they are newer: who decided it may have died before. */
  writeStored(blob: Buffer): void;
  stop(): void;
}

const retryEveryMs = 500;
/** Orders of one call. */
const retryOrders = 500;
/** Beyond so many the oldest are given up: their states end by themselves, a minute after they were written. */
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
  /** Calls in a row for as long as they succeed. */
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

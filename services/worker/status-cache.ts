/**
 * Writes the state of decided orders to Redis, so that most reads never reach MySQL. A new order that is not written costs a
 * reader one read of MySQL. A change that is not written would leave an older state there, so it is tried again until
 * Redis has it, by this process or, where its outcome was not published yet, by the lane's next owner.
 */
import type { OrderEvent } from '../../schemas/generated/types.ts';
import { EVENTS } from '../../topics/catalogue.ts';
import { type Decision, type NewOrder, type OrderView, orderResource } from '../domain/index.ts';
import type { Codec } from '../shared/codec/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import { createOrderStatuses, type OrderStatusEntry, type Redis } from '../shared/redis/index.ts';
import { decodeMessages } from './outbox-format.ts';

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
    if (unwritten.size === 0 || stopped) return;
    const tooMany = [...unwritten.keys()].slice(0, Math.max(0, unwritten.size - unwrittenMax));
    for (const orderId of tooMany) unwritten.delete(orderId);
    timer ??= setTimeout(() => {
      timer = undefined;
      const again = [...unwritten.values()].slice(0, retryOrders);
      for (const { orderId } of again) unwritten.delete(orderId);
      void write(again);
    }, retryEveryMs);
  };
  const write = async (entries: readonly OrderStatusEntry[]): Promise<void> => {
    if (!(await statuses.write(entries))) keep(entries);
    else if (unwritten.size > 0) keep([]);
    metrics.set('worker_statuses_unwritten', unwritten.size);
  };

  return {
    entriesOf: (decision, nowMs) => entriesOf(decision, nowMs, redis.status() === 'ready'),
    write: (entries) => void write(entries),
    writeStored: (blob) => void write(changesIn(blob, codec)),
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** The newest state of each order. */
function entriesOf(
  { newOrders, changes }: Decision,
  nowMs: number,
  withNewOrders: boolean,
): OrderStatusEntry[] {
  const entries = new Map<string, OrderStatusEntry>();
  for (const order of withNewOrders ? newOrders : []) {
    const orderId = order.command.orderId!;
    const body = JSON.stringify(orderResource(viewOf(order, nowMs)));
    entries.set(orderId, { orderId, version: 1, body });
  }
  for (const { orderId, fromVersion } of changes) {
    entries.set(orderId, { orderId, version: fromVersion + 1, body: '' });
  }
  return [...entries.values()];
}

/** What a row of the outbox says of orders that had a state before. */
function changesIn(blob: Buffer, codec: Pick<Codec<OrderEvent>, 'decode'>): OrderStatusEntry[] {
  const entries: OrderStatusEntry[] = [];
  for (const { topic, value } of decodeMessages(blob)) {
    const event = topic === EVENTS ? tryDecode(codec, value) : null;
    if (event?.outcome === 'APPLIED' && event.orderId !== null)
      entries.push({ orderId: event.orderId, version: event.version, body: '' });
  }
  return entries;
}

/** null for what a newer build has written: what it said before ends by itself. */
function tryDecode(codec: Pick<Codec<OrderEvent>, 'decode'>, value: Buffer | null): OrderEvent | null {
  try {
    return codec.decode(value);
  } catch {
    return null;
  }
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

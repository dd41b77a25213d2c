/** Reads of orders that are due, in the order of the index `orders_timer`. */
import { bytesToUuid, placeholders, type Queryable } from '../../shared/mysql/index.ts';
import { type DueOrder, timedStatuses } from './timer-kinds.ts';

/** A place in the index: after all entries of this time with a key up to this one. */
export interface TimerCursor {
  readonly timerAtMs: number;
  readonly orderKey: number;
}

export const firstTimer: TimerCursor = { timerAtMs: 0, orderKey: 0 };

/** The place after all orders that are due at this time. */
export function afterTime(timerAtMs: number): TimerCursor {
  return { timerAtMs, orderKey: Number.MAX_SAFE_INTEGER };
}

/**
 * Orders of these partitions that are due at `nowMs`, from the cursor on. Tests the status too: a cancel by an older
 * worker leaves the timer.
 */
export async function readDueOrders(
  db: Pick<Queryable, 'rows'>,
  scan: { after: TimerCursor; nowMs: number; partitions: readonly number[]; limit: number },
): Promise<DueOrder[]> {
  const { after, nowMs, partitions, limit } = scan;
  const rows = await db.rows<{
    order_key: number;
    order_id: Buffer;
    status: string;
    timer_at_ms: number;
    payment_due_at_ms: number | null;
  }>(
    `SELECT order_key, order_id, status, timer_at_ms, payment_due_at_ms FROM orders FORCE INDEX (orders_timer)
     WHERE timer_at_ms BETWEEN ? AND ? AND (timer_at_ms > ? OR order_key > ?)
       AND order_key >> 48 IN (${placeholders(partitions)}) AND status IN (${placeholders(timedStatuses)})
     ORDER BY timer_at_ms, order_key LIMIT ?`,
    [
      ...[after.timerAtMs, nowMs, after.timerAtMs, after.orderKey],
      ...[...partitions, ...timedStatuses, limit],
    ],
  );
  return rows.map((row) => ({
    orderKey: row.order_key,
    orderId: bytesToUuid(row.order_id),
    status: row.status,
    timerAtMs: row.timer_at_ms,
    paymentDueAtMs: row.payment_due_at_ms,
  }));
}

/** How long the oldest due order of all partitions has been due, in ms; 0 if none is due. */
export async function readLateness(db: Pick<Queryable, 'rows'>, nowMs: number): Promise<number> {
  const [row] = await db.rows<{ timer_at_ms: number }>(
    `SELECT timer_at_ms FROM orders FORCE INDEX (orders_timer)
     WHERE timer_at_ms BETWEEN 0 AND ? AND status IN (${placeholders(timedStatuses)})
     ORDER BY timer_at_ms LIMIT 1`,
    [nowMs, ...timedStatuses],
  );
  return row === undefined ? 0 : nowMs - row.timer_at_ms;
}

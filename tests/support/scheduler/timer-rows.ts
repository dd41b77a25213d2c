/** Rows of orders with timers, as workers write them, and the commands that schedulers send for them. */
import type { CloseCommand, ExpireCommand } from '../../../schemas/index.ts';
import { orderKeyOf } from '../../../services/orders-db/index.ts';
import { type Queryable, readNowMs, uuidToBytes } from '../../../services/shared/mysql/index.ts';
import { COMMANDS } from '../../../topics/index.ts';
import type { Arena } from '../arena/arena.ts';
import { newOrderOf } from '../arena/load.ts';
import { readWholeTopic } from '../arena/reading/whole-topic.ts';

interface TimerRow {
  readonly partition: number;
  readonly status?: string;
  /** When the timer is due, relative to now, in ms; null without a timer. */
  readonly timerInMs: number | null;
  /** The deadline, relative to now. By default a minute before the timer. */
  readonly dueInMs?: number | null;
}

export interface TimedOrder {
  readonly orderId: string;
  readonly partition: number;
  readonly dueAtMs: number | null;
}

/** Far above the offsets of the orders that workers write in the same test. */
let offset = 1_000_000;
const insertMax = 500;

/** Inserts the orders, in ascending order of their keys. */
export async function insertTimed(db: Queryable, rows: readonly TimerRow[]): Promise<TimedOrder[]> {
  const nowMs = await readNowMs(db);
  const orders = rows.map((row) => {
    const { partition, status = 'PENDING_PAYMENT', timerInMs } = row;
    const dueInMs = row.dueInMs === undefined ? (timerInMs ?? 0) - 60_000 : row.dueInMs;
    const dueAtMs = dueInMs === null ? null : nowMs + dueInMs;
    const timerAtMs = timerInMs === null ? null : nowMs + timerInMs;
    return { orderId: newOrderOf(partition), partition, status, dueAtMs, timerAtMs };
  });
  for (let i = 0; i < orders.length; i += insertMax) {
    const some = orders.slice(i, i + insertMax);
    const values = some.map(
      () => "(?, ?, 'c1', ?, 1, 'EUR', 250, 0, 0, 0, 250, 1, ?, REPEAT('f', 32), ?, ?, ?, ?)",
    );
    await db.write(
      `INSERT INTO orders (order_key, order_id, customer_id, status, version, currency, subtotal, discount, shipping, tax, total,
         price_version, idempotency_key, fingerprint, created_at_ms, updated_at_ms, payment_due_at_ms, timer_at_ms)
       VALUES ${values.join(', ')}`,
      some.flatMap(({ orderId, partition, status, dueAtMs, timerAtMs }) => [
        ...[orderKeyOf(partition, offset++), uuidToBytes(orderId), status, orderId],
        ...[nowMs, nowMs, dueAtMs, timerAtMs],
      ]),
    );
  }
  return orders;
}

/** The commands of schedulers in the log about these orders, by order id. */
export async function sentTo(
  arena: Arena,
  orders: readonly TimedOrder[],
): Promise<Map<string, (ExpireCommand | CloseCommand)[]>> {
  const found = new Map<string, (ExpireCommand | CloseCommand)[]>(orders.map(({ orderId }) => [orderId, []]));
  await readWholeTopic(arena, COMMANDS, ({ value }) => {
    const command = arena.codecs.commands.decode(value!);
    if (command.type === 'EXPIRE' || command.type === 'CLOSE') found.get(command.orderId!)?.push(command);
  });
  return found;
}

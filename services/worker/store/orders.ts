/** Rows of orders and of what happened to them; every function is one statement. */
import type { CommandRow, NewOrder, OrderChange } from '../../domain/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import { orderKeyOf } from './order-key.ts';
import { bytes, integer, json, text, uuid } from './sql-text.ts';

const orderColumns =
  'order_key,order_id,customer_id,status,version,currency,subtotal,discount,shipping,tax,total,coupon_code,' +
  'price_version,idempotency_key,fingerprint,reason,shipping_address,contact,metadata,payment_due_at_ms,' +
  'created_at_ms,updated_at_ms';

/** Inserts version 1 of every new order. Fails with a duplicate key, changing nothing, when one of them exists. */
export async function insertOrders(
  session: Session,
  orders: readonly NewOrder[],
  priceVersion: number,
  nowMs: number,
): Promise<void> {
  if (orders.length === 0) return;
  const tail = `,${nowMs},${nowMs})`;
  let sql = `INSERT INTO orders (${orderColumns}) VALUES `;
  for (let index = 0; index < orders.length; index++) {
    sql += (index === 0 ? '(' : ',(') + orderValues(orders[index]!, priceVersion) + tail;
  }
  await session.write(sql);
}

/** Inserts the lines of every new order, rejected ones included. */
export async function insertItems(session: Session, orders: readonly NewOrder[]): Promise<void> {
  if (orders.length === 0) return;
  let sql = 'INSERT INTO order_items (order_key,line_no,sku,quantity,unit_price,line_total) VALUES ';
  let separator = '(';
  for (const { record, priced } of orders) {
    const key = orderKeyOf(record.partition, record.offset);
    for (let index = 0; index < priced.lines.length; index++) {
      const line = priced.lines[index]!;
      sql += `${separator}${key},${index + 1},${text(line.sku)},${integer(line.quantity)},${integer(line.unitPrice)},${integer(line.lineTotal)})`;
      separator = ',(';
    }
  }
  await session.write(sql);
}

/** Applies the changes, each guarded by the version it was decided on. Returns how many orders were changed. */
export async function updateOrders(
  session: Session,
  changes: readonly OrderChange[],
  nowMs: number,
): Promise<{ expected: number; changed: number }> {
  const perOrder = new Map<string, { from: number; by: number; status: string }>();
  for (const change of changes) {
    const before = perOrder.get(change.orderId);
    const from = before?.from ?? change.fromVersion;
    perOrder.set(change.orderId, { from, by: (before?.by ?? 0) + 1, status: change.status });
  }
  let changed = 0;
  for (const orderId of [...perOrder.keys()].sort()) {
    const { from, by, status } = perOrder.get(orderId)!;
    const result = await session.write(
      `UPDATE orders SET status = ${text(status)}, version = version + ${by}, updated_at_ms = ${nowMs} ` +
        `WHERE order_id = ${uuid(orderId)} AND version = ${from}`,
    );
    changed += result.affectedRows;
  }
  return { expected: perOrder.size, changed };
}

/** Writes the history row of every change: what, when, by whom, why. */
export async function insertHistory(
  session: Session,
  changes: readonly OrderChange[],
  nowMs: number,
): Promise<void> {
  if (changes.length === 0) return;
  const rows = changes.map(({ record, command, orderId, fromVersion, status }) => {
    const why = 'reason' in command.payload ? command.payload.reason : null;
    return `(${uuid(orderId)},${fromVersion + 1},${text(status)},${text(command.type)},${text(command.actor)},${text(why)},${record.partition},${record.offset},${nowMs})`;
  });
  await session.write(
    'INSERT INTO order_history (order_id,version,status,command_type,actor,reason,source_partition,source_offset,at_ms) ' +
      `VALUES ${rows.join(',')}`,
  );
}

/** Stores the outcome of every command that is not a place, refusals included. */
export async function insertCommands(
  session: Session,
  rows: readonly CommandRow[],
  nowMs: number,
): Promise<void> {
  if (rows.length === 0) return;
  const values = rows.map(({ record, command, outcome, version, status, reason }) => {
    const order = uuid(command.orderId ?? '00000000-0000-0000-0000-000000000000');
    return `(${order},${text(command.commandId)},${text(command.type)},${text(outcome)},${version},${text(status)},${json(reason)},${record.partition},${record.offset},${nowMs})`;
  });
  await session.write(
    'INSERT INTO order_commands (order_id,command_id,command_type,outcome,version,status,reason,source_partition,source_offset,at_ms) ' +
      `VALUES ${values.join(',')}`,
  );
}

function orderValues(order: NewOrder, priceVersion: number): string {
  const { record, command, priced, status, reason, paymentDueAtMs } = order;
  const place = command.payload;
  const contact = place.contactEmail === null ? null : { email: place.contactEmail };
  const metadata =
    place.metadata.length === 0
      ? null
      : Object.fromEntries(place.metadata.map(({ key, value }) => [key, value]));
  return (
    `${orderKeyOf(record.partition, record.offset)},${uuid(command.orderId!)},${text(command.customerId)},` +
    `'${status}',1,${text(place.currency)},${integer(priced.subtotal)},${integer(priced.discount)},` +
    `${integer(priced.shipping)},${integer(priced.tax)},${integer(priced.total)},${text(place.couponCode)},` +
    `${priceVersion},${text(command.idempotencyKey)},${bytes(command.fingerprint!)},${json(reason)},` +
    `${json(place.shippingAddress)},${json(contact)},${json(metadata)},${integer(paymentDueAtMs)}`
  );
}

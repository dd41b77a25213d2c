/** Rows of orders and of what happened to them; every function is one statement. The large ones are laid out as bytes. */
import type { PlaceOrder } from '../../../schemas/generated/types.ts';
import type { CommandRow, NewOrder, OrderChange } from '../../domain/index.ts';
import type { Session, StatementBuffer, StatementBytes } from '../../shared/mysql/index.ts';
import { orderKeyOf } from './order-key.ts';
import { json, text, uuid } from './sql-text.ts';

const orderColumns =
  'order_key,order_id,customer_id,status,version,currency,subtotal,discount,shipping,tax,total,coupon_code,' +
  'price_version,idempotency_key,fingerprint,reason,shipping_address,contact,metadata,payment_due_at_ms,' +
  'created_at_ms,updated_at_ms';

/**
 * Lays out the insert of version 1 of every new order; null where there are none. It fails with a duplicate key,
 * changing nothing, when one of them exists.
 */
export function layOutOrders(
  buffer: StatementBuffer,
  orders: readonly NewOrder[],
  priceVersion: number,
  nowMs: number,
): StatementBytes | null {
  if (orders.length === 0) return null;
  const times = `,${nowMs},${nowMs}`;
  buffer.begin(`INSERT INTO orders (${orderColumns}) VALUES (`);
  for (let index = 0; index < orders.length; index++) {
    if (index > 0) buffer.sql('),(');
    orderRow(buffer, orders[index]!, priceVersion);
    buffer.sql(times);
  }
  buffer.sql(')');
  return buffer.end();
}

/** Lays out the insert of the lines of every new order, rejected ones included; null where there are none. */
export function layOutItems(buffer: StatementBuffer, orders: readonly NewOrder[]): StatementBytes | null {
  if (orders.length === 0) return null;
  buffer.begin('INSERT INTO order_items (order_key,line_no,sku,quantity,unit_price,line_total) VALUES ');
  let separator = '(';
  for (const { record, priced } of orders) {
    const key = orderKeyOf(record.partition, record.offset);
    for (let index = 0; index < priced.lines.length; index++) {
      const line = priced.lines[index]!;
      buffer.sql(separator);
      buffer.integer(key);
      buffer.comma();
      buffer.integer(index + 1);
      buffer.comma();
      buffer.text(line.sku);
      buffer.comma();
      buffer.integer(line.quantity);
      buffer.comma();
      buffer.integer(line.unitPrice);
      buffer.comma();
      buffer.integer(line.lineTotal);
      separator = '),(';
    }
  }
  buffer.sql(')');
  return buffer.end();
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

/** The values of `orderColumns` up to `payment_due_at_ms`. */
function orderRow(buffer: StatementBuffer, order: NewOrder, priceVersion: number): void {
  const { record, command, priced, status, reason, paymentDueAtMs } = order;
  const place = command.payload;
  buffer.integer(orderKeyOf(record.partition, record.offset));
  buffer.comma();
  buffer.uuid(command.orderId!);
  buffer.comma();
  buffer.text(command.customerId);
  buffer.sql(`,'${status}',1,`);
  buffer.text(place.currency);
  for (const amount of [priced.subtotal, priced.discount, priced.shipping, priced.tax, priced.total]) {
    buffer.comma();
    buffer.integer(amount);
  }
  buffer.comma();
  buffer.text(place.couponCode);
  buffer.comma();
  buffer.integer(priceVersion);
  buffer.comma();
  buffer.text(command.idempotencyKey);
  buffer.comma();
  buffer.bytes(command.fingerprint!);
  for (const document of [reason, place.shippingAddress, contactOf(place), metadataOf(place)]) {
    buffer.comma();
    buffer.json(document);
  }
  buffer.comma();
  buffer.integer(paymentDueAtMs);
}

function contactOf({ contactEmail }: PlaceOrder): object | null {
  return contactEmail === null ? null : { email: contactEmail };
}

function metadataOf({ metadata }: PlaceOrder): object | null {
  return metadata.length === 0 ? null : Object.fromEntries(metadata.map(({ key, value }) => [key, value]));
}

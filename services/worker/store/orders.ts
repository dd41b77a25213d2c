/** Rows of orders, their lines, their history and their commands. */
import type { PlaceOrder } from '../../../schemas/generated/types.ts';
import type { CommandRow, NewOrder, OrderChange, Snapshot } from '../../domain/index.ts';
import { orderKeyOf } from '../../orders-db/index.ts';
import { type StatementBuffer, textToSql } from '../../shared/mysql/index.ts';

const orderColumns =
  'order_key,order_id,customer_id,status,version,currency,subtotal,discount,shipping,tax,total,coupon_code,' +
  'price_version,idempotency_key,fingerprint,reason,shipping_address,contact,metadata,payment_due_at_ms,' +
  'tax_included,shipping_tax_rate_ppm,coupon_counted,rules_version,flags,created_at_ms,updated_at_ms';

const itemColumns = 'order_key,line_no,sku,quantity,unit_price,line_total';

/**
 * Writes the insert of version 1 of every new order. If one order exists, the statement fails with a duplicate key
 * and changes nothing.
 */
export function layOutOrders(
  buffer: StatementBuffer,
  orders: readonly NewOrder[],
  { priceVersion, rules }: Pick<Snapshot, 'priceVersion' | 'rules'>,
  nowMs: number,
): void {
  const flags = rules.flagsText === null ? 'NULL' : textToSql(rules.flagsText);
  const ending = `,${rules.version},${flags},${nowMs},${nowMs}`;
  buffer.insert('orders', orderColumns, orders, (order) => {
    buffer.row();
    orderRow(buffer, order, priceVersion);
    buffer.sql(ending);
  });
}

/** Writes the insert of the lines of every new order, rejected orders included. */
export function layOutItems(buffer: StatementBuffer, orders: readonly NewOrder[]): void {
  // Most batches have no tax and no discount. Then the columns for them have their defaults, which costs fewer bytes.
  const isRuled = orders.some(({ priced }) => priced.discount + priced.tax + priced.taxIncluded > 0);
  const columns = isRuled ? `${itemColumns},discount,tax,tax_included,tax_rate_ppm` : itemColumns;
  buffer.insert('order_items', columns, orders, ({ record, priced }) => {
    const key = orderKeyOf(record.partition, record.offset);
    for (let index = 0; index < priced.lines.length; index++) {
      const line = priced.lines[index]!;
      buffer.row();
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
      if (!isRuled) continue;
      for (const amount of [line.discount, line.tax, line.taxIncluded, line.taxRatePpm]) {
        buffer.comma();
        buffer.integer(amount);
      }
    }
  });
}

/**
 * Writes an update for each changed order. Each update requires the version on which the decision is based, and must
 * affect one row. Returns the indexes of the updates.
 */
export function layOutUpdates(
  buffer: StatementBuffer,
  changes: readonly OrderChange[],
  nowMs: number,
): number[] {
  const perOrder = new Map<string, { from: number; by: number; status: string }>();
  for (const change of changes) {
    const before = perOrder.get(change.orderId);
    const from = before?.from ?? change.fromVersion;
    perOrder.set(change.orderId, { from, by: (before?.by ?? 0) + 1, status: change.status });
  }
  const inOrder = [...perOrder].sort(([a], [b]) => (a < b ? -1 : 1));
  return inOrder.map(([orderId, { from, by, status }]) => {
    buffer.begin(
      `UPDATE orders SET status = '${status}', version = version + ${by}, updated_at_ms = ${nowMs}`,
    );
    buffer.sql(' WHERE order_id = ');
    buffer.uuid(orderId);
    buffer.sql(` AND version = ${from}`);
    return buffer.end();
  });
}

/** Writes the insert of a history row for every change: the command, the time, the actor and the reason. */
export function layOutHistory(buffer: StatementBuffer, changes: readonly OrderChange[], nowMs: number): void {
  const columns = 'order_id,version,status,command_type,actor,reason,source_partition,source_offset,at_ms';
  buffer.insert('order_history', columns, changes, ({ record, command, orderId, fromVersion, status }) => {
    buffer.row();
    buffer.uuid(orderId);
    buffer.sql(`,${fromVersion + 1},'${status}',`);
    buffer.text(command.type);
    buffer.comma();
    buffer.text(command.actor);
    buffer.comma();
    buffer.text('reason' in command.payload ? command.payload.reason : null);
    buffer.sql(`,${record.partition},${record.offset},${nowMs}`);
  });
}

/** Writes the insert of the outcome of every command, refusals included, except for commands that create an order. */
export function layOutCommands(buffer: StatementBuffer, rows: readonly CommandRow[], nowMs: number): void {
  const columns =
    'order_id,command_id,command_type,outcome,version,status,reason,source_partition,source_offset,at_ms';
  buffer.insert('order_commands', columns, rows, ({ record, command, outcome, version, status, reason }) => {
    buffer.row();
    buffer.uuid(command.orderId ?? '00000000-0000-0000-0000-000000000000');
    buffer.comma();
    buffer.text(command.commandId);
    buffer.comma();
    buffer.text(command.type);
    buffer.sql(`,'${outcome}',${version},`);
    buffer.text(status);
    buffer.comma();
    buffer.json(reason);
    buffer.sql(`,${record.partition},${record.offset},${nowMs}`);
  });
}

/** The values of `orderColumns` up to `payment_due_at_ms`. */
function orderRow(buffer: StatementBuffer, order: NewOrder, priceVersion: number): void {
  const { record, command, priced, status, reason, paymentDueAtMs, redemption } = order;
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
  const counted = redemption?.counted ?? 0;
  for (const number of [paymentDueAtMs, priced.taxIncluded, priced.shippingTaxRatePpm, counted]) {
    buffer.comma();
    buffer.integer(number);
  }
}

function contactOf({ contactEmail }: PlaceOrder): object | null {
  return contactEmail === null ? null : { email: contactEmail };
}

function metadataOf({ metadata }: PlaceOrder): object | null {
  return metadata.length === 0 ? null : Object.fromEntries(metadata.map(({ key, value }) => [key, value]));
}

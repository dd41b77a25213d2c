/** Rows of orders, their lines, their history and their commands. */
import type { PlaceOrder } from '../../../schemas/generated/types.ts';
import {
  type CommandRow,
  firstTimerAtMs,
  type NewOrder,
  noOrderId,
  type OrderChange,
  type OrderUpdate,
  type Snapshot,
  timerAtMs,
} from '../../domain/index.ts';
import { orderKeyOf } from '../../orders-db/index.ts';
import { type StatementBuffer, textToSql } from '../../shared/mysql/index.ts';

const orderColumns =
  'order_key,order_id,customer_id,status,version,currency,subtotal,discount,shipping,tax,total,coupon_code,' +
  'price_version,idempotency_key,fingerprint,reason,shipping_address,contact,metadata,payment_due_at_ms,' +
  'timer_at_ms,tax_included,shipping_tax_rate_ppm,coupon_counted,unpaid_units,rules_version,flags,created_at_ms,updated_at_ms';

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
    orderRow(buffer, order, priceVersion, nowMs);
    buffer.sql(ending);
  });
}

/** Writes the insert of the lines of every new order, rejected orders included. */
export function layOutItems(buffer: StatementBuffer, orders: readonly NewOrder[]): void {
  // Most batches have no tax and no discount. Then the columns for them have their defaults, which costs fewer bytes.
  const isRuled = orders.some(
    ({ priced }) => priced.discount > 0 || priced.lines.some(({ taxRatePpm }) => taxRatePpm > 0),
  );
  const columns = isRuled ? `${itemColumns},discount,tax,tax_included,tax_rate_ppm` : itemColumns;
  buffer.insert('order_items', columns, orders, ({ record, priced }) => {
    const key = orderKeyOf(record.partition, record.offset);
    for (let index = 0; index < priced.lines.length; index++) {
      const line = priced.lines[index]!;
      buffer.row();
      buffer.integer(key);
      buffer.nextInteger(index + 1);
      buffer.comma();
      buffer.text(line.sku);
      buffer.nextInteger(line.quantity);
      buffer.nextInteger(line.unitPrice);
      buffer.nextInteger(line.lineTotal);
      if (!isRuled) continue;
      buffer.nextInteger(line.discount);
      buffer.nextInteger(line.tax);
      buffer.nextInteger(line.taxIncluded);
      buffer.nextInteger(line.taxRatePpm);
    }
  });
}

/**
 * Writes the update of all changed orders to their last state. Each order must still have the version on which the
 * decision is based. Returns the index of the update, or null without changes. It must affect every order.
 */
export function layOutUpdates(
  buffer: StatementBuffer,
  updates: readonly OrderUpdate[],
  nowMs: number,
): number | null {
  if (updates.length === 0) return null;
  const rows = updates.map(({ fromVersion, order }) => [
    orderKeyOf(order.placedAt.partition, order.placedAt.offset),
    fromVersion,
    order.version,
    order.status,
    order.received,
    order.refundPending,
    order.refunded,
    order.disputed,
    order.failedAttempts,
    timerAtMs(order),
    order.shippingRefunded ? 1 : 0,
  ]);
  rows.sort(([a], [b]) => (a as number) - (b as number));
  // An order that is still unpaid keeps its timer. Its grace depends on the window that it was placed with.
  const timer = "IF(d.s = 'PENDING_PAYMENT', COALESCE(o.timer_at_ms, d.t), d.t)";
  buffer.begin('UPDATE JSON_TABLE(');
  buffer.json(rows);
  buffer.sql(
    ", '$[*]' COLUMNS (k BIGINT UNSIGNED PATH '$[0]', f INT PATH '$[1]', v INT PATH '$[2]', " +
      "s VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin PATH '$[3]', r BIGINT PATH '$[4]', p BIGINT PATH '$[5]', " +
      "b BIGINT PATH '$[6]', x BIGINT PATH '$[7]', a SMALLINT UNSIGNED PATH '$[8]', t BIGINT PATH '$[9]', g TINYINT PATH '$[10]')) d " +
      'STRAIGHT_JOIN orders o ON o.order_key = d.k ' +
      'SET o.status = d.s, o.version = d.v, o.received = d.r, o.refund_pending = d.p, o.refunded = d.b, ' +
      `o.disputed = d.x, o.failed_attempts = d.a, o.timer_at_ms = ${timer}, o.shipping_refunded = d.g, o.updated_at_ms = ${nowMs} ` +
      'WHERE o.version = d.f',
  );
  return buffer.end();
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
    'order_id,command_id,command_type,outcome,version,status,reason,source_partition,source_offset,at_ms,fingerprint';
  buffer.insert('order_commands', columns, rows, ({ record, command, outcome, version, status, reason }) => {
    buffer.row();
    buffer.uuid(command.orderId ?? noOrderId);
    buffer.comma();
    buffer.text(command.commandId);
    buffer.comma();
    buffer.text(command.type);
    buffer.sql(`,'${outcome}',${version},`);
    buffer.text(status);
    buffer.comma();
    buffer.json(reason);
    buffer.sql(`,${record.partition},${record.offset},${nowMs},`);
    if (command.fingerprint === null) buffer.sql('NULL');
    else buffer.bytes(command.fingerprint);
  });
}

/** The values of `orderColumns` up to `shipping_tax_rate_ppm`. */
function orderRow(buffer: StatementBuffer, order: NewOrder, priceVersion: number, nowMs: number): void {
  const { record, command, priced, status, reason, paymentDueAtMs, redemption, unpaidUnits } = order;
  const place = command.payload;
  buffer.integer(orderKeyOf(record.partition, record.offset));
  buffer.comma();
  buffer.uuid(command.orderId!);
  buffer.comma();
  buffer.text(command.customerId);
  buffer.sql(`,'${status}',1,`);
  buffer.text(place.currency);
  buffer.nextInteger(priced.subtotal);
  buffer.nextInteger(priced.discount);
  buffer.nextInteger(priced.shipping);
  buffer.nextInteger(priced.tax);
  buffer.nextInteger(priced.total);
  buffer.comma();
  buffer.text(place.couponCode);
  buffer.nextInteger(priceVersion);
  buffer.comma();
  buffer.text(command.idempotencyKey);
  buffer.comma();
  buffer.bytes(command.fingerprint!);
  // An address that is still sealed is erased: only its country and region would be left.
  const address = command.sealed === null ? place.shippingAddress : null;
  for (const document of [reason, address, contactOf(place), metadataOf(place)]) {
    buffer.comma();
    buffer.json(document);
  }
  const numbers = [
    paymentDueAtMs,
    firstTimerAtMs(order, nowMs),
    priced.taxIncluded,
    priced.shippingTaxRatePpm,
    redemption?.counted ?? 0,
    unpaidUnits,
  ];
  for (const number of numbers) {
    buffer.nextInteger(number);
  }
}

function contactOf({ contactEmail }: PlaceOrder): object | null {
  return contactEmail === null ? null : { email: contactEmail };
}

function metadataOf({ metadata }: PlaceOrder): object | null {
  return metadata.length === 0 ? null : Object.fromEntries(metadata.map(({ key, value }) => [key, value]));
}

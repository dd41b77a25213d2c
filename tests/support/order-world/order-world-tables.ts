/** The tables of a small world (order-world.ts), as the product would write them. */
import type { Connection } from 'mysql2/promise';
import { COMMANDS } from '../../../topics/catalogue.ts';
import { AT_MS, keyOf, type World } from './order-world.ts';

const tables = [
  'orders',
  'order_items',
  'order_history',
  'dead_letters',
  'stock',
  'lane_positions',
  'payments',
  'refunds',
  'coupon_counters',
  'coupon_customers',
  'shipments',
  'returns',
  'unpaid_customers',
  'provider_records',
  'provider_listings',
];

/** Empties the tables and writes the rows of the world. */
export async function writeTables(db: Connection, world: World): Promise<void> {
  for (const table of tables) await db.query(`DELETE FROM ${table}`);
  await writeOrders(db, world);
  await writeMoney(db, world);
  await writeGoods(db, world);
  await writeDeadLetters(db, world);
  await insert(
    db,
    'INSERT INTO stock (sku, initial, added, available, shipped) VALUES ?',
    world.stock.map(({ sku, initial, added, available, shipped }) => [
      sku,
      initial,
      added,
      available,
      shipped,
    ]),
  );
  await insert(
    db,
    'INSERT INTO lane_positions (topic, partition_id, next_offset, published_offset) VALUES ?',
    world.next.map((next, partition) => [COMMANDS, partition, next, world.published[partition]]),
  );
}

async function insert(db: Connection, sql: string, rows: unknown[][]): Promise<void> {
  if (rows.length > 0) await db.query(sql, [rows]);
}

async function writeOrders(db: Connection, world: World): Promise<void> {
  await insert(
    db,
    'INSERT INTO orders (order_key, order_id, customer_id, status, version, currency, subtotal, discount, shipping, tax, total, received, refund_pending, refunded, coupon_code, coupon_counted, unpaid_units, price_version, idempotency_key, fingerprint, created_at_ms, updated_at_ms) VALUES ?',
    world.orders.map((order) => [
      keyOf(order),
      idBytes(order.id),
      'c1',
      order.status,
      order.version,
      'EUR',
      order.subtotal,
      0,
      0,
      0,
      order.total,
      ...[order.received, order.refundPending, order.refunded],
      ...[order.couponCode, order.couponCounted, order.unpaidUnits],
      1,
      order.id,
      Buffer.alloc(32),
      AT_MS,
      AT_MS,
    ]),
  );
  await insert(
    db,
    `INSERT INTO order_items (order_key, line_no, sku, quantity, unit_price, line_total, cancelled, shipped, returned, restocked,
       refunded) VALUES ?`,
    world.orders.flatMap((order) =>
      order.items.map((item, line) => [
        ...[keyOf(order), line + 1, item.sku, item.quantity, item.unitPrice, item.lineTotal],
        ...[item.cancelled, item.shipped, item.returned, item.restocked, item.refunded],
      ]),
    ),
  );
  await insert(
    db,
    'INSERT INTO order_history (order_id, version, status, command_type, actor, source_partition, source_offset, at_ms) VALUES ?',
    world.history.map(({ orderId, version, status }) => [
      idBytes(orderId),
      version,
      status,
      'CANCEL',
      'customer',
      0,
      0,
      AT_MS,
    ]),
  );
}

async function writeMoney(db: Connection, world: World): Promise<void> {
  await insert(
    db,
    `INSERT INTO payments (order_key, payment_no, payment_id, order_id, provider, provider_payment_id, provider_event_id, amount, currency,
       disposition, received_at_ms, source_partition, source_offset) VALUES ?`,
    world.payments.map(({ orderKey, no, paymentId, orderId, amount, disposition }) => [
      ...[orderKey, no, idBytes(paymentId), idBytes(orderId), 'local', paymentId, paymentId, amount, 'EUR'],
      ...[disposition, AT_MS, 0, 0],
    ]),
  );
  await insert(
    db,
    `INSERT INTO refunds (order_key, refund_no, refund_id, order_id, payment_id, provider, provider_payment_id, amount, currency, status,
       reason, requested_at_ms, result_provider, provider_refund_id, settled_at_ms) VALUES ?`,
    world.refunds.map(({ orderKey, no, refundId, orderId, paymentId, amount, status }) => [
      ...[
        orderKey,
        no,
        idBytes(refundId),
        idBytes(orderId),
        idBytes(paymentId),
        'local',
        paymentId,
        amount,
        'EUR',
      ],
      ...[status, 'LATE', AT_MS, 'local', refundId, AT_MS],
    ]),
  );
  await writeListed(db, world);
  await insert(
    db,
    'INSERT INTO coupon_counters (code, initial, available) VALUES ?',
    world.couponCounters.map(({ code, initial, available }) => [code, initial, available]),
  );
  await insert(
    db,
    'INSERT INTO coupon_customers (code, customer_id, used) VALUES ?',
    world.couponCustomers.map(({ code, customerId, used }) => [code, customerId, used]),
  );
}

async function writeGoods(db: Connection, world: World): Promise<void> {
  await insert(
    db,
    `INSERT INTO shipments (order_key, shipment_no, line_units, shipped_at_ms, delivered_at_ms, source_partition, source_offset)
     VALUES ?`,
    world.shipments.map(({ orderKey, no, lines, isDelivered }) => [
      ...[orderKey, no, JSON.stringify(lines), AT_MS, isDelivered ? AT_MS : null, 0, 0],
    ]),
  );
  await insert(
    db,
    `INSERT INTO returns (order_key, return_no, line_units, refund_id, returned_at_ms, source_partition, source_offset) VALUES ?`,
    world.returns.map(({ orderKey, no, lines, refundId }) => [
      ...[orderKey, no, JSON.stringify(lines), idBytes(refundId), AT_MS, 0, 0],
    ]),
  );
  await insert(
    db,
    'INSERT INTO unpaid_customers (customer_id, units) VALUES ?',
    world.unpaidCustomers.map(({ customerId, units }) => [customerId, units]),
  );
}

/** The provider lists all payments and refunds. It lists more that is no difference. */
async function writeListed(db: Connection, world: World): Promise<void> {
  const dayMs = 24 * 3_600_000;
  const sinceMs = AT_MS - dayMs;
  const listed = (
    kind: string,
    { id, payment, amount, status, atMs = sinceMs }: ListedRecord,
  ): (string | number)[] => ['local', kind, id, payment, amount, 'EUR', status, AT_MS, atMs, AT_MS + dayMs];
  const [first] = world.payments;
  await insert(
    db,
    `INSERT INTO provider_records (provider, kind, provider_id, provider_payment_id, amount, currency, status, made_at_ms, changed_at_ms,
       seen_at_ms) VALUES ?`,
    [
      ...world.payments.map(({ paymentId: id, amount }) =>
        listed('payment', { id, payment: id, amount, status: 'captured' }),
      ),
      ...world.refunds.map(({ refundId: id, paymentId: payment, amount }) =>
        listed('refund', { id, payment, amount, status: 'succeeded' }),
      ),
      // Its callback may still come.
      listed('payment', { id: 'new', payment: 'new', amount: 1, status: 'captured', atMs: Date.now() }),
      ...(first === undefined
        ? []
        : [listed('refund', { id: 'failed', payment: first.paymentId, amount: 1, status: 'failed' })]),
    ],
  );
  await db.query('INSERT INTO provider_listings VALUES (?, 0, 0, ?, 0, 0)', ['local', AT_MS + dayMs]);
}

interface ListedRecord {
  id: string;
  payment: string;
  amount: number;
  status: string;
  /** When the provider said so for the first time. */
  atMs?: number;
}

async function writeDeadLetters(db: Connection, world: World): Promise<void> {
  await insert(
    db,
    'INSERT INTO dead_letters (topic, partition_id, source_offset, reason_code, message, attempts, value_sha256, value_bytes, source_at_ms, first_failed_at_ms) VALUES ?',
    world.deadLetterRows.map(({ partition, offset, digest }) => [
      COMMANDS,
      partition,
      offset,
      'BAD_MAGIC',
      '',
      1,
      digest,
      3,
      AT_MS,
      AT_MS,
    ]),
  );
}

function idBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

/** Reads the rows of a batch that exist already: orders, stored commands, payments and refunds. All reads are one packet. */
import {
  type CommandNeeds,
  commandKey,
  type KnownLine,
  type KnownOrder,
  type MoneySnapshot,
  noOrderId,
  type OrderStatus,
  type StoredOutcome,
} from '../../domain/index.ts';
import { placedAt } from '../../orders-db/index.ts';
import {
  type Answer,
  bytesToUuid,
  rowsOf,
  type Session,
  type StatementBuffer,
} from '../../shared/mysql/index.ts';
import { layOutGoodsReads, noGoods, type OrderGoods } from './goods/goods-rows.ts';
import { layOutMoneyReads } from './money-reads.ts';

type OrderRow = {
  order_id: Buffer;
  order_key: number;
  customer_id: string;
  fingerprint: Buffer;
  currency: string;
  total: number;
  shipping: number;
  tax: number;
  payment_due_at_ms: number | null;
  status: OrderStatus;
  version: number;
  received: number;
  refund_pending: number;
  refunded: number;
  disputed: number;
  failed_attempts: number;
  shipping_refunded: number;
  timer_at_ms: number | null;
  coupon_code: string | null;
  coupon_counted: number;
  unpaid_units: number;
};
type ItemRow = KnownLine & { order_key: number };
type CommandOutcomeRow = {
  order_id: Buffer;
  command_id: string;
  version: number;
  status: OrderStatus | null;
  reason: string | null;
  fingerprint: Buffer | null;
};

export interface ExistingRows {
  /** By order id. */
  readonly orders: Map<string, KnownOrder>;
  /** By `commandKey`. */
  readonly commands: Map<string, StoredOutcome>;
  readonly money: MoneySnapshot;
}

/** Reads what exists of the rows that the commands need. Sends nothing if they need none. Takes no locks. */
export async function readExisting(
  session: Session,
  buffer: StatementBuffer,
  needs: CommandNeeds,
): Promise<ExistingRows> {
  buffer.clear();
  const orders = layOutOrderReads(buffer, needs.orderIds);
  const goods = layOutGoodsReads(buffer, needs.goodsOf);
  const commands = layOutCommandRead(buffer, needs.commands);
  const money = layOutMoneyReads(buffer, needs);
  const script = buffer.script();
  const answers = script.length === 0 ? [] : await session.run(script);
  return { orders: orders(answers, goods(answers)), commands: commands(answers), money: money(answers) };
}

/** Writes the reads of orders with their lines. Returns the function that takes the answers. */
function layOutOrderReads(buffer: StatementBuffer, orderIds: ReadonlySet<string>) {
  if (orderIds.size === 0) return () => new Map<string, KnownOrder>();
  buffer.begin(
    'SELECT order_id, order_key, customer_id, fingerprint, currency, total, shipping, tax, payment_due_at_ms, status, version, ' +
      'received, refund_pending, refunded, disputed, failed_attempts, shipping_refunded, timer_at_ms, ' +
      'coupon_code, coupon_counted, unpaid_units ' +
      'FROM orders WHERE order_id IN (',
  );
  buffer.uuids(orderIds);
  buffer.sql(')');
  const orders = buffer.end();
  buffer.begin(
    'SELECT i.order_key, i.sku, i.quantity, i.line_total AS lineTotal, i.discount, i.tax, ' +
      'i.cancelled, i.shipped, i.returned, i.restocked, i.refunded ' +
      'FROM orders o JOIN order_items i ON i.order_key = o.order_key WHERE o.order_id IN (',
  );
  buffer.uuids(orderIds);
  buffer.sql(') ORDER BY i.order_key, i.line_no');
  const items = buffer.end();
  return (answers: readonly Answer[], goods: ReadonlyMap<number, OrderGoods>) =>
    knownOrders(rowsOf<OrderRow>(answers[orders]), rowsOf<ItemRow>(answers[items]), goods);
}

function knownOrders(
  rows: readonly OrderRow[],
  items: readonly ItemRow[],
  goods: ReadonlyMap<number, OrderGoods>,
): Map<string, KnownOrder> {
  const lines = Map.groupBy(items, (row) => row.order_key);
  return new Map(
    rows.map((row) => {
      const orderId = bytesToUuid(row.order_id);
      const order: KnownOrder = {
        orderId,
        customerId: row.customer_id,
        fingerprint: row.fingerprint,
        currency: row.currency,
        redemption: row.coupon_counted === 0 ? null : { code: row.coupon_code!, counted: row.coupon_counted },
        unpaidUnits: row.unpaid_units,
        placedAt: placedAt(row.order_key),
        total: row.total,
        shipping: row.shipping,
        tax: row.tax,
        paymentDueAtMs: row.payment_due_at_ms,
        closeAtMs: row.status === 'DELIVERED' ? row.timer_at_ms : null,
        status: row.status,
        version: row.version,
        received: row.received,
        refundPending: row.refund_pending,
        refunded: row.refunded,
        disputed: row.disputed,
        failedAttempts: row.failed_attempts,
        shippingRefunded: row.shipping_refunded === 1,
        lines: lines.get(row.order_key) ?? [],
        ...(goods.get(row.order_key) ?? noGoods),
      };
      return [orderId, order];
    }),
  );
}

/** Writes the read of stored outcomes. Returns the function that takes the answers. */
function layOutCommandRead(buffer: StatementBuffer, commands: CommandNeeds['commands']) {
  const stored = new Map<string, StoredOutcome>();
  if (commands.length === 0) return () => stored;
  buffer.begin(
    'SELECT order_id, command_id, version, status, reason, fingerprint FROM order_commands WHERE (order_id, command_id) IN ',
  );
  commands.forEach(({ orderId, commandId }, index) => {
    buffer.sql(index === 0 ? '((' : ',(');
    buffer.uuid(orderId ?? noOrderId);
    buffer.comma();
    buffer.text(commandId);
    buffer.sql(')');
  });
  buffer.sql(')');
  const place = buffer.end();
  return (answers: readonly Answer[]) => {
    for (const row of rowsOf<CommandOutcomeRow>(answers[place])) {
      const { version, status, fingerprint } = row;
      const reason = row.reason === null ? null : JSON.parse(row.reason);
      const key = commandKey(bytesToUuid(row.order_id), row.command_id);
      stored.set(key, { version, status, reason, fingerprint });
    }
    return stored;
  };
}

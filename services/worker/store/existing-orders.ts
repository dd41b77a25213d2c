/** The orders and commands of a batch that the database already has. */
import type { KnownOrder, OrderStatus, StoredOutcome } from '../../domain/index.ts';
import { commandKey } from '../../domain/index.ts';
import { selectItems, selectOrders } from '../../orders-db/index.ts';
import { bytesToUuid, type Session, textToSql, uuidToSql } from '../../shared/mysql/index.ts';

const orderColumns = [
  'order_id',
  'order_key',
  'customer_id',
  'fingerprint',
  'currency',
  'status',
  'version',
  'coupon_code',
  'coupon_counted',
] as const;

type CommandOutcomeRow = {
  order_id: Buffer;
  command_id: string;
  version: number;
  status: OrderStatus | null;
  reason: string | null;
};

/** The orders of `orderIds` that exist, with their lines. */
export async function readOrders(
  session: Session,
  orderIds: ReadonlySet<string>,
): Promise<Map<string, KnownOrder>> {
  const known = new Map<string, KnownOrder>();
  const orders = await selectOrders(session, orderColumns, [...orderIds]);
  const items = await selectItems(
    session,
    ['order_key', 'sku', 'quantity'],
    orders.map(({ order_key }) => order_key),
  );
  const lines = Map.groupBy(items, (row) => row.order_key);
  for (const row of orders) {
    const orderId = bytesToUuid(row.order_id);
    known.set(orderId, {
      orderId,
      customerId: row.customer_id,
      fingerprint: row.fingerprint,
      currency: row.currency,
      redemption: row.coupon_counted === 0 ? null : { code: row.coupon_code!, counted: row.coupon_counted },
      status: row.status as OrderStatus,
      version: row.version,
      lines: lines.get(row.order_key) ?? [],
    });
  }
  return known;
}

/** The stored outcomes of the commands that were decided before, by `commandKey`. */
export async function readCommands(
  session: Session,
  commands: readonly { orderId: string; commandId: string }[],
): Promise<Map<string, StoredOutcome>> {
  const stored = new Map<string, StoredOutcome>();
  if (commands.length === 0) return stored;
  const keys = commands.map(({ orderId, commandId }) => `(${uuidToSql(orderId)},${textToSql(commandId)})`);
  const rows = await session.rows<CommandOutcomeRow>(
    `SELECT order_id, command_id, version, status, reason FROM order_commands WHERE (order_id, command_id) IN (${keys.join(',')})`,
  );
  for (const row of rows) {
    const { version, status, reason } = row;
    const key = commandKey(bytesToUuid(row.order_id), row.command_id);
    stored.set(key, { version, status, reason: reason === null ? null : JSON.parse(reason) });
  }
  return stored;
}

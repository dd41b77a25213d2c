/** The orders and commands of a batch that the database already has. */
import type { KnownOrder, OrderStatus, StoredOutcome } from '../../domain/index.ts';
import { commandKey } from '../../domain/index.ts';
import { bytesToUuid, type Session } from '../../shared/mysql/index.ts';
import { text, uuid } from './sql-text.ts';

type ExistingOrderRow = {
  order_id: Buffer;
  order_key: number;
  customer_id: string;
  fingerprint: Buffer;
  currency: string;
  status: OrderStatus;
  version: number;
};
type ExistingItemRow = { order_key: number; sku: string; quantity: number };
type CommandOutcomeRow = {
  order_id: Buffer;
  command_id: string;
  version: number;
  status: OrderStatus | null;
  reason: string | null;
};

/** Those of the orders that exist, with their lines. */
export async function readOrders(
  session: Session,
  orderIds: ReadonlySet<string>,
): Promise<Map<string, KnownOrder>> {
  const known = new Map<string, KnownOrder>();
  if (orderIds.size === 0) return known;
  const orders = await session.rows<ExistingOrderRow>(
    'SELECT order_id, order_key, customer_id, fingerprint, currency, status, version FROM orders ' +
      `WHERE order_id IN (${[...orderIds].map(uuid).join(',')})`,
  );
  if (orders.length === 0) return known;
  const items = await session.rows<ExistingItemRow>(
    `SELECT order_key, sku, quantity FROM order_items WHERE order_key IN (${orders.map((row) => row.order_key).join(',')})`,
  );
  const lines = Map.groupBy(items, (row) => row.order_key);
  for (const row of orders) {
    const orderId = bytesToUuid(row.order_id);
    known.set(orderId, {
      orderId,
      customerId: row.customer_id,
      fingerprint: row.fingerprint,
      currency: row.currency,
      status: row.status,
      version: row.version,
      lines: lines.get(row.order_key) ?? [],
    });
  }
  return known;
}

/** The stored outcomes of those commands that were decided before, by `commandKey`. */
export async function readCommands(
  session: Session,
  commands: readonly { orderId: string; commandId: string }[],
): Promise<Map<string, StoredOutcome>> {
  const stored = new Map<string, StoredOutcome>();
  if (commands.length === 0) return stored;
  const keys = commands.map(({ orderId, commandId }) => `(${uuid(orderId)},${text(commandId)})`);
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

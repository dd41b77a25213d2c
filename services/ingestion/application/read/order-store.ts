/** Reads of orders in MySQL. Ingestion writes no orders there. */
import { COMMANDS } from '../../../../topics/index.ts';
import type { OrderStatus } from '../../../domain/index.ts';
import { placedAt, reasonOf, selectOrders } from '../../../orders-db/index.ts';
import {
  bytesToUuid,
  type Param,
  placeholders,
  type Queryable,
  uuidToBytes,
} from '../../../shared/mysql/index.ts';
import type { LogPosition } from '../common/ticket.ts';
import { type OrderDetails, readOrderDetails } from './order-details.ts';
import { type OrderLineRow, orderColumns, orderJoins, ordersOf, type StoredOrder } from './order-rows.ts';
import { createPriceReader, type QuoteNeeds, type QuotePrices } from './price-reader.ts';

/** A submission of an order that was accepted before. */
export interface KnownSubmission {
  /** In base64url, as `fingerprintOf` returns it. */
  readonly fingerprint: string;
  readonly position: LogPosition;
  /**
   * Leader epoch of the acknowledgement. The position is valid only while the partition has this epoch. Null if the
   * database has the order.
   */
  readonly epoch: number | null;
}

export interface ListQuery {
  readonly customerId: string;
  readonly limit: number;
  readonly status: OrderStatus | null;
  /** Only this order, if it belongs to the customer. */
  readonly orderId?: string | null;
  /** Only orders created at this time or later, and before `createdToMs`. */
  readonly createdFromMs?: number | null;
  readonly createdToMs?: number | null;
  /** The last order of the previous page. */
  readonly after: { readonly createdAtMs: number; readonly orderKey: number } | null;
}

interface HistoryRow {
  readonly version: number;
  readonly status: string;
  readonly command: string;
  readonly actor: string;
  readonly reason: ReturnType<typeof reasonOf>;
  readonly atMs: number;
}

interface RefusedRow {
  readonly command: string;
  readonly version: number;
  readonly reason: ReturnType<typeof reasonOf>;
  readonly atMs: number;
}

export interface PartitionPosition {
  readonly partition: number;
  readonly nextOffset: number;
  readonly publishedOffset: number;
}

export interface OrderStore {
  /** Returns the order or null, by position. */
  findOrders(orderIds: readonly string[]): Promise<(StoredOrder | null)[]>;
  /** Returns fingerprint and position of the order's command, or null, by position. */
  findSubmissions(orderIds: readonly string[]): Promise<(KnownSubmission | null)[]>;
  /** Newest first. */
  list(query: ListQuery): Promise<StoredOrder[]>;
  /** Versions from 2 on, and the commands that were refused, oldest first. */
  history(orderId: string): Promise<{ changes: HistoryRow[]; refused: RefusedRow[] }>;
  /** The details that the customer sent with these orders, by order id. Orders of other customers are omitted. */
  details(customerId: string, orderIds: readonly string[]): Promise<Map<string, OrderDetails>>;
  /** The current products, rules and coupon counters for a quote. */
  prices(needs: QuoteNeeds): Promise<QuotePrices>;
  /** The decided and published positions of the partitions, from `lane_positions`. */
  partitionPositions(): Promise<PartitionPosition[]>;
  /** Whether the command at this position is a dead letter. */
  isDeadLetter(position: LogPosition): Promise<boolean>;
}

const historyRowsMax = 500;

export interface OrderStoreDeps {
  readonly db: Queryable;
  /** Id of the command topic: positions of a deleted log are not valid for this one. */
  readonly logId: string;
  /** Name of the command topic, as `lane_positions` has it. */
  readonly topic?: string;
}

export function createOrderStore({ db, logId, topic = COMMANDS }: OrderStoreDeps): OrderStore {
  return {
    async findOrders(orderIds) {
      const rows = await db.rows<OrderLineRow>(
        `SELECT ${orderColumns} FROM orders o ${orderJoins} WHERE o.order_id IN (${placeholders(orderIds)}) ORDER BY o.order_key, i.line_no`,
        orderIds.map(uuidToBytes),
      );
      const found = new Map(ordersOf(rows).map((order) => [order.orderId, order]));
      return orderIds.map((id) => found.get(id) ?? null);
    },
    async findSubmissions(orderIds) {
      const rows = await selectOrders(db, ['order_id', 'order_key', 'fingerprint'], orderIds);
      if (rows.length === 0) return orderIds.map(() => null);
      const found = new Map(
        rows.map(({ order_id, order_key, fingerprint }) => [
          bytesToUuid(order_id),
          {
            fingerprint: fingerprint.toString('base64url'),
            position: placedAt(Number(order_key)),
            epoch: null,
          },
        ]),
      );
      return orderIds.map((id) => found.get(id) ?? null);
    },
    list: (query) => listOrders(db, query),
    async history(orderId) {
      const id = uuidToBytes(orderId);
      const [changes, refused] = await Promise.all([
        db.rows<HistoryRow & { reason: string | null }>(
          `SELECT version, status, command_type AS command, actor, reason, at_ms AS atMs FROM order_history WHERE order_id = ? ORDER BY version LIMIT ${historyRowsMax}`,
          [id],
        ),
        db.rows<RefusedRow & { reason: string | null }>(
          `SELECT command_type AS command, version, reason, at_ms AS atMs FROM order_commands WHERE order_id = ? AND outcome = 'REFUSED' ORDER BY at_ms, source_offset LIMIT ${historyRowsMax}`,
          [id],
        ),
      ]);
      return {
        changes: changes.map((row) => ({ ...row, reason: reasonOf(row.reason) })),
        refused: refused.map((row) => ({ ...row, reason: reasonOf(row.reason) })),
      };
    },
    details: (customerId, orderIds) => readOrderDetails(db, customerId, orderIds),
    prices: createPriceReader(db),
    async isDeadLetter({ partition, offset }) {
      const rows = await db.rows(
        'SELECT source_offset FROM dead_letters WHERE topic = ? AND partition_id = ? AND source_offset = ?',
        [topic, partition, offset],
      );
      return rows.length > 0;
    },
    async partitionPositions() {
      const rows = await db.rows<{ partition_id: number; next_offset: number; published_offset: number }>(
        "SELECT partition_id, next_offset, published_offset FROM lane_positions WHERE topic = ? AND topic_id IN ('', ?)",
        [topic, logId],
      );
      return rows.map(({ partition_id, next_offset, published_offset }) => ({
        partition: partition_id,
        nextOffset: next_offset,
        publishedOffset: published_offset,
      }));
    },
  };
}

/**
 * Selects the page first and joins the lines afterwards. Compares both parts of the position separately, because
 * the optimizers use no index for a row comparison.
 */
async function listOrders(
  db: Queryable,
  { customerId, limit, status, orderId = null, createdFromMs = null, createdToMs = null, after }: ListQuery,
): Promise<StoredOrder[]> {
  const params: Param[] = [customerId];
  let where = 'customer_id = ?';
  if (status !== null) {
    where += ' AND status = ?';
    params.push(status);
  }
  if (orderId !== null) {
    where += ' AND order_id = ?';
    params.push(uuidToBytes(orderId));
  }
  if (createdFromMs !== null) {
    where += ' AND created_at_ms >= ?';
    params.push(createdFromMs);
  }
  if (createdToMs !== null) {
    where += ' AND created_at_ms < ?';
    params.push(createdToMs);
  }
  if (after !== null) {
    where += ' AND created_at_ms <= ? AND (created_at_ms < ? OR order_key < ?)';
    params.push(after.createdAtMs, after.createdAtMs, after.orderKey);
  }
  const page = `SELECT * FROM orders WHERE ${where} ORDER BY created_at_ms DESC, order_key DESC LIMIT ${limit}`;
  const rows = await db.rows<OrderLineRow>(
    `SELECT ${orderColumns} FROM (${page}) o ${orderJoins} ORDER BY o.created_at_ms DESC, o.order_key DESC, i.line_no`,
    params,
  );
  return ordersOf(rows);
}

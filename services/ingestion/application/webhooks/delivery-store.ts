/** Reads the deliveries to a customer's webhook endpoint, and schedules deliveries again. */
import { bytesToUuid, type Param, type Queryable } from '../../../shared/mysql/index.ts';
import { backoff, retry } from '../../../shared/retry/index.ts';
import { storeTestEvent, testEventOf } from './test-event.ts';

export const deliveryStatuses = ['PENDING', 'DELIVERED', 'FAILED', 'HELD', 'DROPPED'] as const;
type DeliveryStatus = (typeof deliveryStatuses)[number];

/** Maximum number of rows of one UPDATE, so that its locks block the sender only briefly. */
const chunkRowsMax = 1_000;
/** Maximum rows of one request. A cursor continues after them. */
export const redeliveredMax = 10_000;
/** Maximum number of attempts after deadlocks with the statements of the sender. */
const attemptsMax = 4;
const pause = backoff({ initialMs: 20, maxMs: 200 });

export interface WebhookDelivery {
  readonly deliveryId: number;
  readonly eventId: string;
  readonly eventType: string;
  readonly orderId: string;
  readonly orderVersion: number;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly dueAtMs: number;
  readonly createdAtMs: number;
  readonly deliveredAtMs: number | null;
  /** JSON text: the body of each attempt. */
  readonly payload: string;
}

/** A position in the deliveries of an endpoint: by time, then by id. */
export interface DeliveryPosition {
  readonly createdAtMs: number;
  readonly deliveryId: number;
}

interface DeliveryQuery {
  readonly endpointId: string;
  readonly status: DeliveryStatus | null;
  readonly limit: number;
  /** The last delivery of the previous page. */
  readonly before: DeliveryPosition | null;
}

interface DeliveryRange {
  readonly endpointId: string;
  /** Only events recorded at this time or later, and before `toMs`. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The position at which the previous request ended. */
  readonly after: DeliveryPosition | null;
}

interface Redelivered {
  readonly count: number;
  /** The position at which the next request continues. Null at the end of the range. */
  readonly next: DeliveryPosition | null;
}

export interface DeliveryStore {
  /** Newest first. */
  list(query: DeliveryQuery): Promise<WebhookDelivery[]>;
  /** A delivery to an endpoint of this customer. `isEnabled` belongs to the endpoint. */
  find(customerId: string, deliveryId: number): Promise<(WebhookDelivery & { isEnabled: boolean }) | null>;
  /** Makes the delivery due now with a full set of attempts. A delivery in flight is sent again after its attempt. */
  redeliver(deliveryId: number, nowMs: number): Promise<void>;
  /** Makes the deliveries of a range due, oldest first. Deliveries in flight are not changed. */
  redeliverRange(range: DeliveryRange, nowMs: number): Promise<Redelivered>;
  /** Makes a test event due now. Null if the endpoint has one of the same period (`testEveryMs`) already. */
  sendTest(endpointId: string, nowMs: number): Promise<WebhookDelivery | null>;
}

interface DeliveryRow {
  delivery_id: number;
  event_id: string;
  event_type: string;
  order_id: Buffer;
  order_version: number;
  status: DeliveryStatus;
  attempts: number;
  last_status: number | null;
  last_error: string | null;
  due_at_ms: number;
  created_at_ms: number;
  delivered_at_ms: number | null;
  payload: string;
}

const columns =
  'd.delivery_id, d.event_id, d.event_type, d.order_id, d.order_version, d.status, d.attempts, d.last_status, ' +
  'd.last_error, d.due_at_ms, d.created_at_ms, d.delivered_at_ms, d.payload';
const makeDue = "SET status = 'PENDING', attempts = 0, due_at_ms = ?, leased_until_ms = 0";

export function createDeliveryStore(db: Queryable): DeliveryStore {
  return {
    async list({ endpointId, status, limit, before }) {
      const params: Param[] = [endpointId];
      let where = 'd.endpoint_id = ?';
      if (status !== null) {
        where += ' AND d.status = ?';
        params.push(status);
      }
      if (before !== null) {
        // Compares both parts separately, because the optimizers use no index for a row comparison.
        where += ' AND d.created_at_ms <= ? AND (d.created_at_ms < ? OR d.delivery_id < ?)';
        params.push(before.createdAtMs, before.createdAtMs, before.deliveryId);
      }
      const rows = await db.rows<DeliveryRow>(
        `SELECT ${columns} FROM notification_deliveries d WHERE ${where}
         ORDER BY d.created_at_ms DESC, d.delivery_id DESC LIMIT ?`,
        [...params, limit],
      );
      return rows.map(deliveryOf);
    },
    async find(customerId, deliveryId) {
      const [row] = await db.rows<DeliveryRow & { endpoint_status: string }>(
        `SELECT ${columns}, e.status AS endpoint_status
         FROM notification_deliveries d JOIN webhook_endpoints e ON e.endpoint_id = d.endpoint_id
         WHERE d.delivery_id = ? AND e.customer_id = ?`,
        [deliveryId, customerId],
      );
      return row === undefined ? null : { ...deliveryOf(row), isEnabled: row.endpoint_status === 'ENABLED' };
    },
    async redeliver(deliveryId, nowMs) {
      await writeAgain(db, `UPDATE notification_deliveries ${makeDue} WHERE delivery_id = ?`, [
        nowMs,
        deliveryId,
      ]);
    },
    async redeliverRange(range, nowMs) {
      let count = 0;
      let next = range.after;
      for (let walked = 0; walked < redeliveredMax; walked += chunkRowsMax) {
        const rows = await chunkOf(db, { ...range, after: next });
        if (rows.length > 0) count += await redeliverRows(db, rows, nowMs);
        if (rows.length < chunkRowsMax) return { count, next: null };
        const last = rows.at(-1)!;
        next = { createdAtMs: last.created_at_ms, deliveryId: last.delivery_id };
      }
      return { count, next };
    },
    async sendTest(endpointId, nowMs) {
      const test = testEventOf(endpointId, nowMs);
      await storeTestEvent(db, endpointId, test, nowMs);
      const [row] = await db.rows<DeliveryRow>(
        `SELECT ${columns} FROM notification_deliveries d WHERE d.event_id = ? AND d.endpoint_id = ?`,
        [test.eventId, endpointId],
      );
      // An earlier request of this period stored another time in its body.
      return row === undefined || row.payload !== test.payload ? null : deliveryOf(row);
    },
  };
}

type RangeRow = Pick<DeliveryRow, 'delivery_id' | 'created_at_ms'>;

function chunkOf(db: Queryable, { endpointId, fromMs, toMs, after }: DeliveryRange): Promise<RangeRow[]> {
  const params: Param[] = [endpointId, Math.max(fromMs, after?.createdAtMs ?? 0), toMs];
  let where = 'endpoint_id = ? AND created_at_ms >= ? AND created_at_ms < ?';
  if (after !== null) {
    where += ' AND (created_at_ms > ? OR delivery_id > ?)';
    params.push(after.createdAtMs, after.deliveryId);
  }
  return db.rows<RangeRow>(
    `SELECT delivery_id, created_at_ms FROM notification_deliveries WHERE ${where}
     ORDER BY created_at_ms, delivery_id LIMIT ?`,
    [...params, chunkRowsMax],
  );
}

async function redeliverRows(db: Queryable, rows: readonly RangeRow[], nowMs: number): Promise<number> {
  const marks = `${'?,'.repeat(rows.length - 1)}?`;
  return writeAgain(
    db,
    `UPDATE notification_deliveries ${makeDue}
     WHERE delivery_id IN (${marks}) AND NOT (status = 'PENDING' AND leased_until_ms > ?)`,
    [nowMs, ...rows.map((row) => row.delivery_id), nowMs],
  );
}

/** Safe to repeat, because every statement here sets the same values again. */
async function writeAgain(db: Queryable, sql: string, params: readonly Param[]): Promise<number> {
  const { affectedRows } = await retry(() => db.write(sql, params), {
    attempts: attemptsMax,
    backoff: pause,
  });
  return affectedRows;
}

function deliveryOf(row: DeliveryRow): WebhookDelivery {
  return {
    deliveryId: row.delivery_id,
    eventId: row.event_id,
    eventType: row.event_type,
    orderId: bytesToUuid(row.order_id),
    orderVersion: row.order_version,
    status: row.status,
    attempts: row.attempts,
    lastStatus: row.last_status,
    lastError: row.last_error,
    dueAtMs: row.due_at_ms,
    createdAtMs: row.created_at_ms,
    deliveredAtMs: row.delivered_at_ms,
    payload: row.payload,
  };
}

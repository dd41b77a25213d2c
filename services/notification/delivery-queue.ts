/**
 * The deliveries table as a queue that several senders share.
 *
 * A delivery is PENDING and due ──lease──► PENDING with leased_until_ms = due_at_ms in the future ──settle──► DELIVERED,
 * FAILED, DROPPED, or PENDING again with its next due time. A sender that dies leaves a lease that runs out, and the
 * delivery is due again: at least once, with the same id. A settle names the lease that it belongs to, so a sender
 * that comes back late changes nothing.
 */
import { bytesToUuid, type Pool, type Queryable, type Session } from '../shared/mysql/index.ts';
import type { Verdict } from './attempt.ts';
import { emailEndpoint } from './deliveries.ts';

/** How long a version waits while an earlier one of the same order is in a sender's hands. */
const holdMs = 200;
/** An earlier version holds the later ones through this many tries; then they overtake, and their version says so. */
const holdingAttemptsMax = 3;
/** Rows that one statement takes out of the queue when their endpoint is disabled or gone. */
const shelveRowsMax = 2_000;

export interface DueReceiver {
  endpointId: string;
  oldestDueAtMs: number;
}

export interface LeaseRequest {
  endpointId: string;
  rowsMax: number;
}

export interface Leased {
  deliveryId: number;
  leasedUntilMs: number;
  eventId: string;
  endpointId: string;
  orderId: string;
  orderVersion: number;
  eventType: string;
  /** Tries before this one. */
  attempts: number;
  payload: string;
  createdAtMs: number;
}

export interface Settlement {
  leased: Leased;
  verdict: Verdict;
}

export interface DeliveryQueue {
  /** Every existing receiver with something due, and since when. */
  dueReceivers(nowMs: number): Promise<DueReceiver[]>;
  /** Every receiver that has a row at all, its endpoint existing or not. */
  receivers(): Promise<string[]>;
  /** Takes due deliveries, oldest first and one version of an order at a time, in one transaction. */
  lease(requests: readonly LeaseRequest[], nowMs: number, leaseMs: number): Promise<Leased[]>;
  /** Writes what came of tries. */
  settle(settlements: readonly Settlement[], nowMs: number): Promise<void>;
  /** Takes due deliveries of an endpoint that is disabled (HELD) or gone (DROPPED) out of the queue. */
  shelve(endpointId: string, status: 'HELD' | 'DROPPED', nowMs: number): Promise<number>;
  /** Whether this call disabled it; an endpoint that is disabled already stays as it is. */
  disableEndpoint(endpointId: string, reason: string, nowMs: number): Promise<boolean>;
}

export function createDeliveryQueue(pool: Pool): DeliveryQueue {
  return {
    async dueReceivers(nowMs) {
      // One dive into the due index per endpoint. A GROUP BY may read the whole index, delivered rows and all.
      const rows = await pool.rows<{ endpoint_id: string; oldest: number | null }>(
        `SELECT e.endpoint_id, (SELECT MIN(d.due_at_ms) FROM notification_deliveries d
                                WHERE d.endpoint_id = e.endpoint_id AND d.status = 'PENDING') AS oldest
         FROM webhook_endpoints e
         UNION ALL
         SELECT '${emailEndpoint}', (SELECT MIN(due_at_ms) FROM notification_deliveries
                                     WHERE endpoint_id = '${emailEndpoint}' AND status = 'PENDING')`,
      );
      return rows.flatMap(({ endpoint_id: endpointId, oldest: oldestDueAtMs }) =>
        oldestDueAtMs !== null && oldestDueAtMs <= nowMs ? [{ endpointId, oldestDueAtMs }] : [],
      );
    },

    async receivers() {
      const ids: string[] = [];
      for (let after = ''; ; after = ids.at(-1)!) {
        // From id to id by the index: as many dives as receivers, however many rows they have.
        const [row] = await pool.rows<{ next: string | null }>(
          'SELECT MIN(endpoint_id) AS next FROM notification_deliveries WHERE endpoint_id > ?',
          [after],
        );
        if (row === undefined || row.next === null) return ids;
        ids.push(row.next);
      }
    },

    async lease(requests, nowMs, leaseMs) {
      const ids = await dueIds(pool, requests, nowMs);
      if (ids.length === 0) return [];
      return pool.transaction((session) => leaseRows(session, ids, nowMs, nowMs + leaseMs));
    },

    async settle(settlements, nowMs) {
      if (settlements.length === 0) return;
      const delivered = settlements.filter(({ verdict }) => verdict.status === 'DELIVERED');
      const byAnswer = Map.groupBy(delivered, ({ verdict }) => verdict.lastStatus);
      await pool.transaction(async (session) => {
        for (const [lastStatus, group] of byAnswer) await settleDelivered(session, lastStatus, group, nowMs);
        for (const settlement of settlements) {
          if (settlement.verdict.status !== 'DELIVERED') await settleOther(session, settlement);
        }
      });
    },

    async shelve(endpointId, status, nowMs) {
      const { affectedRows } = await pool.write(
        `UPDATE notification_deliveries SET status = ?
         WHERE endpoint_id = ? AND status = 'PENDING' AND due_at_ms <= ? LIMIT ?`,
        [status, endpointId, nowMs, shelveRowsMax],
      );
      return affectedRows;
    },

    async disableEndpoint(endpointId, reason, nowMs) {
      const { affectedRows } = await pool.write(
        `UPDATE webhook_endpoints SET status = 'DISABLED', disabled_reason = ?, updated_at_ms = ?
         WHERE endpoint_id = ? AND status = 'ENABLED'`,
        [reason, nowMs, endpointId],
      );
      return affectedRows === 1;
    },
  };
}

/** What is due for each of them, in one statement: with many receivers, trips to the database are what takes the time. */
async function dueIds(pool: Queryable, requests: readonly LeaseRequest[], nowMs: number): Promise<number[]> {
  const branch = `(SELECT delivery_id FROM notification_deliveries
    WHERE endpoint_id = ? AND status = 'PENDING' AND due_at_ms <= ? ORDER BY due_at_ms, delivery_id LIMIT ?)`;
  const rows = await pool.rows<{ delivery_id: number }>(
    requests.map(() => branch).join(' UNION ALL '),
    requests.flatMap(({ endpointId, rowsMax }) => [endpointId, nowMs, rowsMax]),
  );
  return rows.map((row) => row.delivery_id);
}

interface DeliveryRow {
  delivery_id: number;
  event_id: string;
  endpoint_id: string;
  order_id: Buffer;
  order_version: number;
  event_type: string;
  attempts: number;
  payload: string;
  created_at_ms: number;
}

/** Those of the rows that are still due now that they are locked; another sender may have been here meanwhile. */
async function leaseRows(
  session: Session,
  ids: readonly number[],
  nowMs: number,
  untilMs: number,
): Promise<Leased[]> {
  const rows = await session.rows<DeliveryRow>(
    `SELECT delivery_id, event_id, endpoint_id, order_id, order_version, event_type, attempts, payload, created_at_ms
     FROM notification_deliveries WHERE delivery_id IN (${marks(ids)}) AND status = 'PENDING' AND due_at_ms <= ?
     ORDER BY delivery_id FOR UPDATE SKIP LOCKED`,
    [...ids, nowMs],
  );
  if (rows.length === 0) return [];
  const holders = await holdersOf(session, rows);
  const free = rows.filter((row) => holderOf(row, holders) === undefined);
  if (free.length > 0) {
    await session.write(
      `UPDATE notification_deliveries SET due_at_ms = ?, leased_until_ms = ? WHERE delivery_id IN (${marks(free)})`,
      [untilMs, untilMs, ...free.map((row) => row.delivery_id)],
    );
  }
  for (const row of rows) {
    const holder = holderOf(row, holders);
    if (holder !== undefined) await postpone(session, row, holder, nowMs);
  }
  return free.map((row) => ({
    deliveryId: row.delivery_id,
    leasedUntilMs: untilMs,
    eventId: row.event_id,
    endpointId: row.endpoint_id,
    orderId: bytesToUuid(row.order_id),
    orderVersion: row.order_version,
    eventType: row.event_type,
    attempts: row.attempts,
    payload: row.payload,
    createdAtMs: row.created_at_ms,
  }));
}

interface Holder {
  order_id: Buffer;
  endpoint_id: string;
  order_version: number;
  due_at_ms: number;
  leased_until_ms: number;
}

/** The undelivered versions of these orders at these receivers, which later ones have to wait for. */
async function holdersOf(session: Session, rows: readonly DeliveryRow[]): Promise<Map<string, Holder[]>> {
  const endpointIds = [...new Set(rows.map((row) => row.endpoint_id))];
  const holders = await session.rows<Holder>(
    `SELECT order_id, endpoint_id, order_version, due_at_ms, leased_until_ms FROM notification_deliveries
     WHERE order_id IN (${marks(rows)}) AND endpoint_id IN (${marks(endpointIds)})
       AND status = 'PENDING' AND attempts < ?`,
    [...rows.map((row) => row.order_id), ...endpointIds, holdingAttemptsMax],
  );
  return Map.groupBy(holders, lineOf);
}

/** What keeps its order: the versions of one order at one receiver. */
function lineOf(row: Pick<DeliveryRow, 'order_id' | 'endpoint_id'>): string {
  return `${row.order_id.toString('hex')} ${row.endpoint_id}`;
}

function holderOf(row: DeliveryRow, holders: ReadonlyMap<string, Holder[]>): Holder | undefined {
  return holders.get(lineOf(row))?.find((holder) => holder.order_version < row.order_version);
}

/** Behind a version that waits for its next try, a later one waits as long; behind one in flight, a moment. */
async function postpone(session: Session, row: DeliveryRow, holder: Holder, nowMs: number): Promise<void> {
  const inFlight = holder.due_at_ms === holder.leased_until_ms;
  const dueAtMs = inFlight ? nowMs + holdMs : Math.max(holder.due_at_ms, nowMs) + holdMs;
  await session.write('UPDATE notification_deliveries SET due_at_ms = ? WHERE delivery_id = ?', [
    dueAtMs,
    row.delivery_id,
  ]);
}

async function settleDelivered(
  session: Session,
  lastStatus: number | null,
  group: readonly Settlement[],
  nowMs: number,
): Promise<void> {
  await session.write(
    `UPDATE notification_deliveries
     SET status = 'DELIVERED', attempts = attempts + 1, last_status = ?, last_error = NULL,
         delivered_at_ms = ?, leased_until_ms = 0
     WHERE delivery_id IN (${marks(group)}) AND (delivery_id, leased_until_ms) IN (${group.map(() => '(?, ?)').join(', ')})`,
    [
      lastStatus,
      nowMs,
      ...group.map(({ leased }) => leased.deliveryId),
      ...group.flatMap(({ leased }) => [leased.deliveryId, leased.leasedUntilMs]),
    ],
  );
}

/** What was not tried keeps what the try before it left. */
async function settleOther(session: Session, { leased, verdict }: Settlement): Promise<void> {
  await session.write(
    `UPDATE notification_deliveries
     SET status = ?, attempts = attempts + ?, last_status = IF(?, ?, last_status), last_error = IF(?, ?, last_error),
         due_at_ms = ?, leased_until_ms = 0
     WHERE delivery_id = ? AND leased_until_ms = ?`,
    [
      verdict.status,
      verdict.counts ? 1 : 0,
      verdict.counts,
      verdict.lastStatus,
      verdict.counts,
      verdict.lastError,
      verdict.dueAtMs,
      leased.deliveryId,
      leased.leasedUntilMs,
    ],
  );
}

function marks(rows: readonly unknown[]): string {
  return rows.map(() => '?').join(', ');
}

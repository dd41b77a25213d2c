/**
 * Leases due deliveries from the table, for several receivers at once. No other sender gets the same ones.
 */
import { bytesToUuid, placeholders, type Queryable, type Session } from '../../shared/mysql/index.ts';

/** How long a version waits while a sender has an earlier version of the same order in flight. */
const holdMs = 200;
/**
 * An earlier version delays the later ones for this many attempts. Then the later versions overtake it. A
 * receiver recognises this by the version number.
 */
const holdingAttemptsMax = 3;
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
  /** Number of attempts before this one. */
  attempts: number;
  payload: string;
  createdAtMs: number;
  /** Of the command, if its trace is recorded. */
  traceparent: string | null;
}

export interface Lease {
  leased: Leased[];
  /**
   * Receivers that may have more due rows: the query was full, or another sender leased rows at the same time.
   */
  more: ReadonlySet<string>;
}

export interface DueRow {
  delivery_id: number;
  endpoint_id: string;
}

/**
 * Reads the due rows of all requests in one statement. With many receivers, round trips would take most of the
 * time.
 */
export function findDue(
  pool: Queryable,
  requests: readonly LeaseRequest[],
  nowMs: number,
): Promise<DueRow[]> {
  const branch = `(SELECT delivery_id, endpoint_id FROM notification_deliveries
    WHERE endpoint_id = ? AND status = 'PENDING' AND due_at_ms <= ? ORDER BY due_at_ms, delivery_id LIMIT ?)`;
  return pool.rows<DueRow>(
    requests.map(() => branch).join(' UNION ALL '),
    requests.flatMap(({ endpointId, rowsMax }) => [endpointId, nowMs, rowsMax]),
  );
}

/** @param seen the rows that this sender could lock */
export function receiversWithMore(
  requests: readonly LeaseRequest[],
  due: readonly DueRow[],
  seen: readonly DeliveryRow[],
): Set<string> {
  const dueOf = Map.groupBy(due, (row) => row.endpoint_id);
  const seenOf = Map.groupBy(seen, (row) => row.endpoint_id);
  const more = requests.filter(({ endpointId, rowsMax }) => {
    const count = dueOf.get(endpointId)?.length ?? 0;
    return count >= rowsMax || (seenOf.get(endpointId)?.length ?? 0) < count;
  });
  return new Set(more.map(({ endpointId }) => endpointId));
}

export interface DeliveryRow {
  delivery_id: number;
  event_id: string;
  endpoint_id: string;
  order_id: Buffer;
  order_version: number;
  event_type: string;
  attempts: number;
  payload: string;
  created_at_ms: number;
  traceparent: string | null;
}

/**
 * Locks the rows and leases those that are still due, since another sender may have changed them. Postpones a
 * version of an order that must wait for an earlier one. `seen` has the leased and the postponed rows.
 */
export async function leaseRows(
  session: Session,
  due: readonly DueRow[],
  nowMs: number,
  untilMs: number,
): Promise<{ leased: Leased[]; seen: DeliveryRow[] }> {
  const rows = await session.rows<DeliveryRow>(
    `SELECT delivery_id, event_id, endpoint_id, order_id, order_version, event_type, attempts, payload, created_at_ms,
            traceparent
     FROM notification_deliveries WHERE delivery_id IN (${placeholders(due)}) AND status = 'PENDING' AND due_at_ms <= ?
     ORDER BY delivery_id FOR UPDATE SKIP LOCKED`,
    [...due.map((row) => row.delivery_id), nowMs],
  );
  if (rows.length === 0) return { leased: [], seen: rows };
  const holders = await holdersOf(session, rows);
  const free = rows.filter((row) => holderOf(row, holders) === undefined);
  if (free.length > 0) {
    await session.write(
      `UPDATE notification_deliveries SET due_at_ms = ?, leased_until_ms = ? WHERE delivery_id IN (${placeholders(free)})`,
      [untilMs, untilMs, ...free.map((row) => row.delivery_id)],
    );
  }
  for (const row of rows) {
    const holder = holderOf(row, holders);
    if (holder !== undefined) await postpone(session, row, holder, nowMs);
  }
  const leased = free.map((row) => ({
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
    traceparent: row.traceparent,
  }));
  return { leased, seen: rows };
}

interface Holder {
  order_id: Buffer;
  endpoint_id: string;
  order_version: number;
  due_at_ms: number;
  leased_until_ms: number;
}

/** The undelivered versions of these orders at these receivers. Later versions must wait for them. */
async function holdersOf(session: Session, rows: readonly DeliveryRow[]): Promise<Map<string, Holder[]>> {
  const endpointIds = [...new Set(rows.map((row) => row.endpoint_id))];
  const holders = await session.rows<Holder>(
    `SELECT order_id, endpoint_id, order_version, due_at_ms, leased_until_ms FROM notification_deliveries
     WHERE order_id IN (${placeholders(rows)}) AND endpoint_id IN (${placeholders(endpointIds)})
       AND status = 'PENDING' AND attempts < ?`,
    [...rows.map((row) => row.order_id), ...endpointIds, holdingAttemptsMax],
  );
  return Map.groupBy(holders, lineOf);
}

/** The key within which versions keep their order: one order at one receiver. */
function lineOf(row: Pick<DeliveryRow, 'order_id' | 'endpoint_id'>): string {
  return `${row.order_id.toString('hex')} ${row.endpoint_id}`;
}

function holderOf(row: DeliveryRow, holders: ReadonlyMap<string, Holder[]>): Holder | undefined {
  return holders.get(lineOf(row))?.find((holder) => holder.order_version < row.order_version);
}

/**
 * A later version waits until the earlier one's next attempt, or a moment if the earlier one is in flight.
 */
async function postpone(session: Session, row: DeliveryRow, holder: Holder, nowMs: number): Promise<void> {
  const inFlight = holder.due_at_ms === holder.leased_until_ms;
  const dueAtMs = inFlight ? nowMs + holdMs : Math.max(holder.due_at_ms, nowMs) + holdMs;
  await session.write('UPDATE notification_deliveries SET due_at_ms = ? WHERE delivery_id = ?', [
    dueAtMs,
    row.delivery_id,
  ]);
}

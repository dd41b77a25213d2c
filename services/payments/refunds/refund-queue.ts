/**
 * Open refunds as a queue that several instances share. The rows of `refunds` belong to the workers and are only read.
 *
 *   refunds (open) ──adopt──► OPEN, due ──lease──► due when the lease ends ──settle──► OPEN, PENDING or TOLD, due later
 *                              ▲                          │                             DONE, once the refund is settled
 *                              └────── the lease ends ────┘
 *
 * A lease counts the call before it is made. So a process that dies during a call leaves a refund that may have been paid.
 */
import { bytesToUuid, type Pool, placeholders, type Session, uuidToBytes } from '../../shared/mysql/index.ts';
import { type Attempt, type AttemptState, makesCall, type Step, stepOf } from './plan.ts';

interface OpenRefund {
  readonly refundId: string;
  readonly orderId: string;
  /** Name of the provider of the payment. */
  readonly provider: string;
  readonly providerPaymentId: string;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  /** Why the refund was requested. */
  readonly reason: string;
}

export interface LeasedRefund {
  readonly refund: OpenRefund;
  readonly step: Step;
  /** With the call of this step, if it may make one. */
  readonly attempt: Attempt;
  /** Time of the last call before this step, which may have no answer. Null before the first. */
  readonly earlierAtMs: number | null;
  readonly leasedUntilMs: number;
}

export interface Settlement {
  readonly state: AttemptState;
  readonly dueAtMs: number;
  /** Why there is no result yet; null with a result. */
  readonly error: string | null;
}

interface OpenCounts {
  readonly open: number;
  /** Age of the oldest open refund, in ms. */
  readonly oldestMs: number;
}

export interface RefundQueue {
  /** Makes rows for open refunds that have none. Returns their number. */
  adopt(nowMs: number): Promise<number>;
  /** Leases due refunds, oldest first. Rows of settled refunds leave the queue. */
  lease(limit: number, nowMs: number, leaseMs: number): Promise<LeasedRefund[]>;
  /** Leased refunds that no call is made for now are due at this time. Their call is not counted. */
  postpone(leased: LeasedRefund, dueAtMs: number, error: string): Promise<void>;
  /** Writes what a step found, unless the lease was lost. */
  settle(leased: LeasedRefund, settlement: Settlement): Promise<void>;
  counts(nowMs: number): Promise<OpenCounts>;
}

/** Maximum number of refunds that one statement adopts. */
const adoptedMax = 500;
const reasonLengthMax = 500;
/** A refund that was requested before this time and has a row is not looked at in most scans. */
const overlapMs = 60_000;
const wholeScanEveryMs = 30_000;

export interface RefundQueueDeps {
  readonly pool: Pool;
  readonly instanceId: string;
}

export function createRefundQueue({ pool, instanceId }: RefundQueueDeps): RefundQueue {
  let fromMs = 0;
  let wholeScanAtMs = 0;
  return {
    async adopt(nowMs) {
      const isWhole = nowMs >= wholeScanAtMs;
      const found = await unknownRefunds(pool, isWhole ? 0 : fromMs);
      if (found.length < adoptedMax) {
        if (isWhole) wholeScanAtMs = nowMs + wholeScanEveryMs;
        fromMs = nowMs - overlapMs;
      }
      if (found.length > 0) await insertAttempts(pool, found, nowMs);
      return found.length;
    },
    lease: (limit, nowMs, leaseMs) =>
      pool.transaction((session) => leaseRefunds(session, instanceId, { limit, nowMs, leaseMs })),
    async postpone({ refund, attempt, step, leasedUntilMs }, dueAtMs, error) {
      await pool.write(
        `UPDATE refund_attempts SET next_at_ms = ?, last_reason = ?, tries = ?, first_call_ms = IF(tries = 0, NULL, first_call_ms)
         WHERE refund_id = ? AND leased_by = ? AND next_at_ms = ?`,
        [
          ...[dueAtMs, error.slice(0, reasonLengthMax), attempt.attempts - (makesCall(step) ? 1 : 0)],
          ...[uuidToBytes(refund.refundId), instanceId, leasedUntilMs],
        ],
      );
    },
    async settle({ refund, leasedUntilMs }, { state, dueAtMs, error }) {
      await pool.write(
        `UPDATE refund_attempts SET state = ?, next_at_ms = ?, last_reason = ?
         WHERE refund_id = ? AND leased_by = ? AND next_at_ms = ?`,
        [
          ...[state, dueAtMs, error?.slice(0, reasonLengthMax) ?? null],
          ...[uuidToBytes(refund.refundId), instanceId, leasedUntilMs],
        ],
      );
    },
    async counts(nowMs) {
      const [row] = await pool.rows<{ open: number; oldest: number | null }>(
        'SELECT COUNT(*) AS open, MIN(open_since_ms) AS oldest FROM refunds WHERE open_since_ms IS NOT NULL',
      );
      const { open = 0, oldest = null } = row ?? {};
      return { open: Number(open), oldestMs: oldest === null ? 0 : Math.max(0, nowMs - oldest) };
    },
  };
}

async function unknownRefunds(pool: Pool, fromMs: number): Promise<Buffer[]> {
  const rows = await pool.rows<{ refund_id: Buffer }>(
    `SELECT r.refund_id FROM refunds r LEFT JOIN refund_attempts a ON a.refund_id = r.refund_id
     WHERE r.open_since_ms >= ? AND a.refund_id IS NULL ORDER BY r.open_since_ms LIMIT ${adoptedMax}`,
    [fromMs],
  );
  return rows.map(({ refund_id }) => refund_id);
}

/** Another instance may insert the same row at the same time. */
async function insertAttempts(pool: Pool, refundIds: readonly Buffer[], nowMs: number): Promise<void> {
  const rows = refundIds.map(() => "(?, ?, 'OPEN')").join(', ');
  await pool.write(
    `INSERT INTO refund_attempts (refund_id, next_at_ms, state) VALUES ${rows} ON DUPLICATE KEY UPDATE refund_id = VALUES(refund_id)`,
    refundIds.flatMap((refundId) => [refundId, nowMs]),
  );
}

interface AttemptRow {
  readonly refund_id: Buffer;
  readonly state: AttemptState;
  readonly tries: number;
  readonly first_call_ms: number | null;
  readonly last_call_ms: number | null;
}

async function leaseRefunds(
  session: Session,
  instanceId: string,
  { limit, nowMs, leaseMs }: { limit: number; nowMs: number; leaseMs: number },
): Promise<LeasedRefund[]> {
  const rows = await session.rows<AttemptRow>(
    `SELECT refund_id, state, tries, first_call_ms, last_call_ms FROM refund_attempts
     WHERE next_at_ms <= ? ORDER BY next_at_ms LIMIT ? FOR UPDATE SKIP LOCKED`,
    [nowMs, limit],
  );
  if (rows.length === 0) return [];
  // Without a lock: a lock on `refunds` would make a worker wait.
  const open = await openRefunds(session, rows);
  const leased: LeasedRefund[] = [];
  const leasedUntilMs = nowMs + leaseMs;
  for (const row of rows) {
    const refund = open.get(row.refund_id.toString('hex'));
    if (refund === undefined) await setDone(session, row.refund_id);
    else leased.push(await leaseOne(session, { row, refund, instanceId, nowMs, leasedUntilMs }));
  }
  return leased;
}

async function leaseOne(
  session: Session,
  {
    row,
    refund,
    instanceId,
    nowMs,
    leasedUntilMs,
  }: { row: AttemptRow; refund: OpenRefund; instanceId: string; nowMs: number; leasedUntilMs: number },
): Promise<LeasedRefund> {
  const { state, tries: attempts, first_call_ms: firstAtMs, last_call_ms: lastAtMs } = row;
  const before: Attempt = { state, attempts, firstAtMs, lastAtMs };
  const step = stepOf(before, nowMs);
  const attempt = makesCall(step) ? withCall(before, nowMs) : before;
  await session.write(
    `UPDATE refund_attempts SET leased_by = ?, next_at_ms = ?, tries = ?, first_call_ms = ?, last_call_ms = ?
     WHERE refund_id = ?`,
    [instanceId, leasedUntilMs, attempt.attempts, attempt.firstAtMs, attempt.lastAtMs, row.refund_id],
  );
  return { refund, step, attempt, earlierAtMs: lastAtMs, leasedUntilMs };
}

/** The attempt with one more call at this time. */
function withCall(attempt: Attempt, nowMs: number): Attempt {
  const { attempts, firstAtMs } = attempt;
  return { ...attempt, attempts: attempts + 1, firstAtMs: firstAtMs ?? nowMs, lastAtMs: nowMs };
}

async function setDone(session: Session, refundId: Buffer): Promise<void> {
  await session.write(
    "UPDATE refund_attempts SET state = 'DONE', next_at_ms = NULL, last_reason = NULL WHERE refund_id = ?",
    [refundId],
  );
}

interface RefundColumns {
  readonly refund_id: Buffer;
  readonly order_id: Buffer;
  readonly provider: string;
  readonly provider_payment_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly reason: string;
}

async function openRefunds(
  session: Session,
  rows: readonly { refund_id: Buffer }[],
): Promise<Map<string, OpenRefund>> {
  const ids = rows.map(({ refund_id }) => refund_id);
  const found = await session.rows<RefundColumns>(
    `SELECT refund_id, order_id, provider, provider_payment_id, amount, currency, reason FROM refunds
     WHERE refund_id IN (${placeholders(ids)}) AND open_since_ms IS NOT NULL`,
    ids,
  );
  return new Map(
    found.map((row) => [
      row.refund_id.toString('hex'),
      {
        refundId: bytesToUuid(row.refund_id),
        orderId: bytesToUuid(row.order_id),
        provider: row.provider,
        providerPaymentId: row.provider_payment_id,
        amount: row.amount,
        currency: row.currency,
        reason: row.reason,
      },
    ]),
  );
}

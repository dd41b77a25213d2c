/** Reads the work of `services/payments`: refunds without a result, and the due time of the next one. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { count } from '../output.ts';

export interface OpenRefunds {
  readonly open: number;
  /** The time at which the oldest of them was requested, in epoch ms; null if there is none. */
  readonly oldestMs: number | null;
  /**
   * How far they are. `NEW`: services/payments has no row of it. `OPEN`: it is to be called. `PENDING`: the provider works on it.
   * `TOLD`: its result is in the command log.
   */
  readonly byState: Readonly<Record<string, number>>;
  /** The time of the next call or lookup at a provider, in epoch ms; null if there is none. */
  readonly nextAtMs: number | null;
  /** The largest number of calls of one refund. */
  readonly triesMax: number;
}

/** Longer than a running service leaves a refund that is due. */
const overdueMs = 5_000;

/** Refunds without a result. */
export async function readOpenRefunds(db: Connection): Promise<OpenRefunds> {
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT COALESCE(a.state, 'NEW') AS state, COUNT(*) AS open, MIN(r.open_since_ms) AS oldest, MIN(a.next_at_ms) AS next,
       COALESCE(MAX(a.tries), 0) AS tries
     FROM refunds r LEFT JOIN refund_attempts a ON a.refund_id = r.refund_id
     WHERE r.open_since_ms IS NOT NULL GROUP BY 1 ORDER BY 1`,
  );
  const least = (column: string): number | null => {
    const values = rows.map((row) => row[column]).filter((value) => value !== null);
    return values.length === 0 ? null : Math.min(...values.map(Number));
  };
  return {
    open: rows.reduce((sum, row) => sum + Number(row['open']), 0),
    oldestMs: least('oldest'),
    byState: Object.fromEntries(rows.map((row) => [row['state'], Number(row['open'])])),
    nextAtMs: least('next'),
    triesMax: Math.max(0, ...rows.map((row) => Number(row['tries']))),
  };
}

/**
 * One sentence for people.
 *
 * @param nowMs epoch ms by the clock of the database
 */
export function openRefundsText(refunds: OpenRefunds, nowMs: number): string {
  const { open, oldestMs, byState, triesMax } = refunds;
  if (open === 0) return 'refunds: none is open';
  const states = Object.entries(byState).map(([state, refunds]) => `${count(refunds)} ${state}`);
  const age = `the oldest for ${seconds(nowMs - (oldestMs ?? nowMs))}`;
  const calls = `at most ${count(triesMax)} ${triesMax === 1 ? 'call' : 'calls'} each`;
  return `refunds: ${count(open)} open (${states.join(', ')}), ${age}, ${calls}; ${nextText(refunds, nowMs)}`;
}

function nextText({ nextAtMs }: OpenRefunds, nowMs: number): string {
  if (nextAtMs === null) return 'services/payments has seen none of them yet';
  if (nextAtMs > nowMs) return `the next step is due in ${seconds(nextAtMs - nowMs)}`;
  const lateMs = nowMs - nextAtMs;
  if (lateMs < overdueMs) return 'the next step is due now';
  return `the next step has been due for ${seconds(lateMs)}: look at services/payments`;
}

function seconds(ms: number): string {
  return `${count(Math.max(0, Math.round(ms / 1_000)))} s`;
}

/** The checks of every arena after any disturbance. */
import type { Arena } from '../arena.ts';
import type { Acked } from '../load.ts';
import { complaints, type VerifyResult } from '../processes/verify.ts';
import { goodsFaults } from './goods.ts';
import { moneyFaults } from './money.ts';

/** One line per fault; `findings` is empty if there is none. */
export interface Audit {
  readonly findings: readonly string[];
  /** Number of copies of outcomes beyond the first. */
  readonly repeats: number;
  readonly lost: number;
  readonly unlike: number;
  readonly report: VerifyResult;
}

/**
 * Checks that every acknowledged command has its outcome, and every placed order its row or dead letter.
 * Checks that repeats are byte-equal (invariants 1 and 3). Checks that no offsets were decided twice or by an
 * old epoch. Checks payments, refunds, shipments and stock against the orders. Runs `orderstream verify`.
 */
export async function audit(arena: Arena, history: readonly Acked[]): Promise<Audit> {
  const report = await arena.verify();
  const events = await arena.readEvents();
  const answered = await readAnswered(arena);
  const lost = history.filter(
    ({ orderId, partition, offset, type }) =>
      !events.has(`${partition}-${offset}`) || (type === 'PLACE' && !answered.has(orderId)),
  );
  let repeats = 0;
  const unlike: string[] = [];
  for (const [id, copies] of events) {
    repeats += copies.length - 1;
    if (copies.some((copy) => !copy.equals(copies[0]!))) unlike.push(id);
  }
  return {
    findings: [
      ...complaints(report),
      ...lost
        .slice(0, 5)
        .map(({ orderId, partition, offset }) => `lost: ${orderId} at ${partition}-${offset}`),
      ...unlike.slice(0, 5).map((id) => `copies of ${id} differ`),
      ...(await staleCommits(arena)),
      ...(await moneyFaults(arena)),
      ...(await goodsFaults(arena)),
    ],
    repeats,
    lost: lost.length,
    unlike: unlike.length,
    report,
  };
}

/** Orders with a row, and orders whose command was dead-lettered. */
async function readAnswered({ mysql }: Arena): Promise<ReadonlySet<string>> {
  const rows = await mysql.pool.rows<{ id: string }>(
    'SELECT LOWER(HEX(order_id)) AS id FROM orders UNION SELECT LOWER(HEX(order_id)) FROM dead_letters WHERE order_id IS NOT NULL',
  );
  return new Set(rows.map(({ id }) => id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')));
}

/**
 * Every commit leaves a row in `outbox_log` (see `createArena`): in a lane, neither offsets nor epochs go
 * back.
 */
async function staleCommits({ mysql }: Arena): Promise<string[]> {
  const rows = await mysql.pool.rows<{ p: number; f: number; t: number; e: number }>(
    'SELECT partition_id AS p, from_offset AS f, to_offset AS t, epoch AS e FROM outbox_log ORDER BY id',
  );
  const last = new Map<number, { t: number; e: number }>();
  const found: string[] = [];
  for (const { p, f, t, e } of rows) {
    const before = last.get(p);
    if (before !== undefined && (f !== before.t || e < before.e)) {
      found.push(
        `lane ${p}: epoch ${e} decided ${f}-${t} after epoch ${before.e}, which had decided up to ${before.t}`,
      );
    }
    last.set(p, { t, e });
  }
  return found;
}

/** Reads the findings of reconciliation from the table: the counts by kind, and the rows, newest first. */
import type { Connection, RowDataPacket } from 'mysql2/promise';

export interface FindingRow extends RowDataPacket {
  finding_id: number;
  kind: string;
  subject: string;
  expected: string | null;
  actual: string | null;
  remedy: string;
  status: string;
  note: string | null;
  first_seen_at_ms: number;
  last_seen_at_ms: number;
  closed_at_ms: number | null;
}

export interface KindCount {
  kind: string;
  status: string;
  found: number;
}

export const findingColumns =
  'finding_id, kind, subject, expected, actual, remedy, status, note, first_seen_at_ms, last_seen_at_ms, closed_at_ms';
/** Maximum number of rows of one query. */
const pageRows = 5_000;

/** Counts and rows agree, because they come from one consistent view. Returns at most `limit` rows. */
export async function readFindings(
  db: Connection,
  wanted: { all?: boolean; kind?: string },
  limit: number,
): Promise<{ counts: KindCount[]; rows: FindingRow[] }> {
  const where = `WHERE (? OR status = 'OPEN') AND (? IS NULL OR kind = ?)`;
  const values = [wanted.all === true, wanted.kind ?? null, wanted.kind ?? null];
  await db.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await db.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
  const [counts] = await db.query<RowDataPacket[]>(
    `SELECT kind, status, COUNT(*) AS found FROM reconciliation_findings ${where}
     GROUP BY kind, status ORDER BY kind, status`,
    values,
  );
  const rows: FindingRow[] = [];
  for (let last: FindingRow | undefined; rows.length < limit; last = rows.at(-1)) {
    const seenMs = last?.last_seen_at_ms ?? Number.MAX_SAFE_INTEGER;
    const id = last?.finding_id ?? Number.MAX_SAFE_INTEGER;
    const size = Math.min(pageRows, limit - rows.length);
    const [page] = await db.query<FindingRow[]>(
      `SELECT ${findingColumns} FROM reconciliation_findings ${where}
       AND (last_seen_at_ms < ? OR (last_seen_at_ms = ? AND finding_id < ?))
       ORDER BY last_seen_at_ms DESC, finding_id DESC LIMIT ?`,
      [...values, seenMs, seenMs, id, size],
    );
    rows.push(...page);
    if (page.length < size) break;
  }
  await db.query('COMMIT');
  return {
    counts: counts.map(({ kind, status, found }) => ({ kind, status, found: Number(found) })),
    rows,
  };
}

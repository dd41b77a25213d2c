/** Reads and writes the rows of reconciliation_findings. */
import type { Queryable } from '../../shared/mysql/index.ts';
import type { OpenFinding } from '../checks/check.ts';
import { type FindingKind, kinds } from './finding-kinds.ts';

/** Maximum number of rows of one statement. */
const chunkRows = 200;

export interface StoredFinding extends OpenFinding {
  actual: string;
}

interface FindingRow {
  kind: string;
  subject: string;
  expected: string | null;
  actual: string | null;
}

/** All open findings: at most FINDINGS_PER_KIND for each kind. */
export async function readOpen(mysql: Queryable): Promise<StoredFinding[]> {
  const rows = await mysql.rows<FindingRow>(
    `SELECT kind, subject, expected, actual FROM reconciliation_findings WHERE status = 'OPEN'`,
  );
  return rows.flatMap(({ kind, subject, expected, actual }) => {
    // Only the version that wrote an unknown kind handles it.
    if (!isKind(kind)) return [];
    return [{ kind, subject, expected: expected ?? '', actual: actual ?? '' }];
  });
}

/** Opens or refreshes the findings. */
export async function writeOpen(
  mysql: Queryable,
  findings: readonly StoredFinding[],
  nowMs: number,
): Promise<void> {
  for (let from = 0; from < findings.length; from += chunkRows) {
    const chunk = findings.slice(from, from + chunkRows);
    // The database runs assignments from left to right, so columns that depend on the old status come first.
    await mysql.write(
      `INSERT INTO reconciliation_findings (kind, subject, expected, actual, remedy, first_seen_at_ms, last_seen_at_ms)
       VALUES ${chunk.map(() => '(?, ?, ?, ?, ?, ?, ?)').join(', ')}
       ON DUPLICATE KEY UPDATE
         first_seen_at_ms = IF(status = 'OPEN', first_seen_at_ms, VALUES(first_seen_at_ms)),
         expected = VALUES(expected), actual = VALUES(actual), remedy = VALUES(remedy),
         last_seen_at_ms = VALUES(last_seen_at_ms), status = 'OPEN', closed_at_ms = NULL`,
      chunk.flatMap(({ kind, subject, expected, actual }) => [
        kind,
        subject,
        expected,
        actual,
        kinds[kind].remedy,
        nowMs,
        nowMs,
      ]),
    );
  }
}

/** Closes the findings that are still open. */
export async function writeClosed(
  mysql: Queryable,
  findings: readonly OpenFinding[],
  nowMs: number,
): Promise<void> {
  for (const [kind, own] of Map.groupBy(findings, (finding) => finding.kind)) {
    for (let from = 0; from < own.length; from += chunkRows) {
      const subjects = own.slice(from, from + chunkRows).map(({ subject }) => subject);
      await mysql.write(
        `UPDATE reconciliation_findings SET status = 'CLOSED', closed_at_ms = ?
         WHERE status = 'OPEN' AND kind = ? AND subject IN (${subjects.map(() => '?').join(', ')})`,
        [nowMs, kind, ...subjects],
      );
    }
  }
}

function isKind(kind: string): kind is FindingKind {
  return Object.hasOwn(kinds, kind);
}

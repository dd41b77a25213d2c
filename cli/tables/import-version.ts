/**
 * Changes of rules in versions. Row 1 of `catalogue_state` counts changes of products, row 2 of coupons, row 3 of rates and
 * flags. Workers read these versions in every batch, so a change is used by the next batch after its commit.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import {
  type Actor,
  type AuditDetails,
  type AuditEntry,
  recordAudit,
} from '../../services/shared/audit/index.ts';
import { auditTargetOf, currentOperator } from '../operator.ts';

const catalogueStates = { products: 1, coupons: 2, rates: 3 } as const;

export interface ImportOptions {
  /** `updated_at_ms` of changed rows. */
  readonly nowMs: number;
  /** Do everything, then roll back. */
  readonly dryRun?: boolean;
  readonly operator?: Actor;
}

/** What an import of rows with keys did. */
export interface RowsImport {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Version after the import. */
  readonly version: number;
}

interface Change<Result> {
  readonly result: Result;
  /** Whether the version rises. */
  readonly isChange: boolean;
  /** The audit log gets a row for the import, with its result and version; null without one. */
  readonly imported: AuditEntry['action'] | null;
  /** Further rows of the audit log. */
  readonly entries: readonly AuditEntry[];
}

/**
 * Runs `apply` in a transaction with the next version, and raises the version if something changed. Returns the version
 * after it. Two concurrent imports would both take the same next version; the row lock puts them in order.
 */
export async function changeAtVersion<Result extends AuditDetails>(
  db: Connection,
  state: keyof typeof catalogueStates,
  { nowMs, dryRun = false, operator = currentOperator() }: ImportOptions,
  apply: (nextVersion: number) => Promise<Change<Result>>,
): Promise<Result & { version: number }> {
  const id = catalogueStates[state];
  await db.beginTransaction();
  try {
    const [rows] = await db.query<RowDataPacket[]>(
      'SELECT version FROM catalogue_state WHERE id = ? FOR UPDATE',
      [id],
    );
    const before = Number(rows[0]?.['version'] ?? 0);
    const { result, isChange, imported, entries } = await apply(before + 1);
    const version = isChange ? before + 1 : before;
    const details = { ...result, version };
    const first = imported === null ? [] : [{ action: imported, subjectId: String(version), details }];
    if (isChange) await db.query('UPDATE catalogue_state SET version = ? WHERE id = ?', [version, id]);
    await recordAudit(auditTargetOf(db), operator, [...first, ...entries], nowMs);
    if (dryRun) await db.rollback();
    else await db.commit();
    return details;
  } catch (error) {
    await db.rollback();
    throw error;
  }
}

/** Counts the rows of a file, of which `touched` are new or changed. */
export function countsOf<Row>(
  rows: readonly unknown[],
  touched: readonly Row[],
  isKnown: (row: Row) => boolean,
): Omit<RowsImport, 'version'> {
  const changed = touched.filter(isKnown).length;
  return { added: touched.length - changed, changed, unchanged: rows.length - touched.length };
}

/** The rows in parts for one statement each, sorted by key: the lock order of every writer. */
export function chunksOf<Row>(rows: readonly Row[], keyOf: (row: Row) => string, max = 500): Row[][] {
  const sorted = rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return Array.from({ length: Math.ceil(sorted.length / max) }, (_, index) =>
    sorted.slice(index * max, (index + 1) * max),
  );
}

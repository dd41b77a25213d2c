/**
 * Imports the coupons of a file into `coupons` and `coupon_counters`, in one transaction. Coupons that the file leaves out do
 * not change; a coupon ends by its `valid_through`.
 *
 * A new limit moves the counter by the difference, because orders hold a part of it. So `available` may become negative:
 * then the coupon is exhausted until enough orders gave it back.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { AuditEntry } from '../../services/shared/audit/index.ts';
import {
  changeAtVersion,
  chunksOf,
  countsOf,
  type ImportOptions,
  type RowsImport,
} from '../tables/import-version.ts';
import type { CouponRow } from './read-coupons.ts';
import { readStoredCoupons, type StoredCoupon } from './rows.ts';

/** The audit log gets one row for the import and one for each changed coupon. */
export function importCoupons(
  db: Connection,
  rows: CouponRow[],
  options: ImportOptions,
): Promise<RowsImport> {
  return changeAtVersion(db, 'coupons', options, async (version) => {
    const known = await readKnown(db, rows);
    const touched = rows.filter((row) => !sameCoupon(known.get(row.code), row));
    await writeCoupons(db, touched, version, options.nowMs);
    await writeCounters(db, touched);
    return {
      result: countsOf(rows, touched, ({ code }) => known.has(code)),
      isChange: touched.length > 0,
      imported: 'coupons.imported',
      entries: touched.map((row) => entryOf(row, known.get(row.code), version)),
    };
  });
}

async function readKnown(db: Connection, rows: CouponRow[]): Promise<Map<string, StoredCoupon>> {
  const known = new Map<string, StoredCoupon>();
  for (const chunk of chunksOf(rows, ({ code }) => code)) {
    const codes = chunk.map(({ code }) => code);
    for (const coupon of await readStoredCoupons(db, codes)) known.set(coupon.code, coupon);
  }
  return known;
}

function sameCoupon(known: StoredCoupon | undefined, row: CouponRow): boolean {
  if (known === undefined) return false;
  const { available: _, ...coupon } = known;
  return JSON.stringify(detailsOf(coupon)) === JSON.stringify(detailsOf(row));
}

/** The members in one order, so that two coupons can be compared as text. */
function detailsOf(row: CouponRow) {
  return {
    kind: row.kind,
    value: row.value,
    currency: row.currency,
    minimum: row.minimum,
    validFromMs: row.validFromMs,
    validUntilMs: row.validUntilMs,
    scope: row.scope,
    totalLimit: row.totalLimit,
    customerLimit: row.customerLimit,
  };
}

function entryOf(row: CouponRow, before: StoredCoupon | undefined, version: number): AuditEntry {
  return {
    action: before === undefined ? 'coupon.added' : 'coupon.changed',
    subjectId: row.code,
    details: {
      version,
      ...detailsOf(row),
      before: before === undefined ? undefined : JSON.stringify(detailsOf(before)),
    },
  };
}

async function writeCoupons(
  db: Connection,
  rows: CouponRow[],
  version: number,
  nowMs: number,
): Promise<void> {
  const columns =
    'kind, value, currency, minimum, valid_from_ms, valid_until_ms, scope, total_limit, customer_limit, version, updated_at_ms';
  const updates = columns.split(', ').map((column) => `${column} = VALUES(${column})`);
  for (const chunk of chunksOf(rows, ({ code }) => code)) {
    await db.query(
      `INSERT INTO coupons (code, ${columns}) VALUES ? ON DUPLICATE KEY UPDATE ${updates.join(', ')}`,
      [
        chunk.map((row) => [
          row.code,
          row.kind,
          row.value,
          row.currency,
          row.minimum,
          row.validFromMs,
          row.validUntilMs,
          row.scope === null ? null : JSON.stringify(row.scope),
          row.totalLimit,
          row.customerLimit,
          version,
          nowMs,
        ]),
      ],
    );
  }
}

/**
 * Makes the counters of limited coupons, and moves those whose limit changed. The counter of a coupon without a limit stays,
 * as orders still give back what they took. Workers lock counters in the order of their codes, and so does this.
 */
async function writeCounters(db: Connection, touched: CouponRow[]): Promise<void> {
  const limited = touched.filter(({ totalLimit }) => totalLimit !== null);
  for (const chunk of chunksOf(limited, ({ code }) => code)) {
    const [rows] = await db.query<RowDataPacket[]>(
      'SELECT code, initial + added AS counted FROM coupon_counters WHERE code IN (?) ORDER BY code FOR UPDATE',
      [chunk.map(({ code }) => code)],
    );
    const limits = new Map(rows.map((row) => [row['code'] as string, Number(row['counted'])]));
    const missing = chunk.filter(({ code }) => !limits.has(code));
    if (missing.length > 0) {
      await db.query('INSERT INTO coupon_counters (code, initial, available) VALUES ?', [
        missing.map(({ code, totalLimit }) => [code, totalLimit, totalLimit]),
      ]);
    }
    for (const { code, totalLimit } of chunk) {
      const difference = totalLimit! - (limits.get(code) ?? totalLimit!);
      if (difference === 0) continue;
      await db.query(
        'UPDATE coupon_counters SET added = added + ?, available = available + ? WHERE code = ?',
        [difference, difference, code],
      );
    }
  }
}

/** Coupons in the database: read for an import, or to show them. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { CouponRow } from './read-coupons.ts';

export interface StoredCoupon extends CouponRow {
  /** Number of redemptions that are left; null without a counter. Negative after the limit was lowered below its use. */
  available: number | null;
}

/** The coupons with these codes, by code; the first `max` without codes. */
export async function readStoredCoupons(
  db: Connection,
  codes: readonly string[],
  max = 1_000,
): Promise<StoredCoupon[]> {
  const [where, params] =
    codes.length === 0
      ? [` ORDER BY c.code LIMIT ${max}`, []]
      : [' WHERE c.code IN (?) ORDER BY c.code', [codes]];
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT c.*, k.available FROM coupons c LEFT JOIN coupon_counters k ON k.code = c.code${where}`,
    params,
  );
  const number = (value: unknown) => (value === null ? null : Number(value));
  return rows.map((row) => ({
    code: row['code'],
    kind: row['kind'],
    value: Number(row['value']),
    currency: row['currency'],
    minimum: Number(row['minimum']),
    validFromMs: number(row['valid_from_ms']),
    validUntilMs: number(row['valid_until_ms']),
    scope: row['scope'] === null ? null : (JSON.parse(row['scope']) as string[]),
    totalLimit: number(row['total_limit']),
    customerLimit: number(row['customer_limit']),
    available: number(row['available']),
  }));
}

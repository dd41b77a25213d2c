/** Reads all price rules once. The reference designs keep them in memory, which costs them least. */
import type { RowDataPacket } from 'mysql2/promise';
import type { Rules } from '../../services/domain/index.ts';
import {
  type CouponRow,
  couponColumns,
  couponFrom,
  selectRateRules,
  selectRuleVersions,
} from '../../services/orders-db/index.ts';
import { connect } from './connect.ts';

/** The rules of the database. They must not change while the design runs. */
export async function readRules(url: string): Promise<Rules> {
  const connection = await connect(url);
  try {
    const db = {
      rows: async <R extends object>(sql: string): Promise<R[]> =>
        (await connection.query<RowDataPacket[]>(sql))[0] as unknown as R[],
    };
    const versions = await selectRuleVersions(db);
    const coupons = await db.rows<CouponRow>(`SELECT ${couponColumns('c')} FROM coupons c`);
    return {
      ...(await selectRateRules(db)),
      version: versions.coupons + versions.rates,
      coupons: new Map(coupons.map((row) => [row.code, couponFrom(row)])),
    };
  } finally {
    await connection.end();
  }
}

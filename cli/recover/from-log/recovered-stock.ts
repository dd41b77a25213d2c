/**
 * Stock while outcomes are applied. Lanes are applied one after the other. So a SKU may be sold before another lane has
 * given its units back. A level never goes below 0. Units beyond it wait in `recovery_shortages`, and units that
 * come back pay them first.
 */
import { MissingForOutcome, type StockChange } from '../../../services/domain/index.ts';
import {
  affectedRows,
  type Queryable,
  type Session,
  StatementBuffer,
  textToSql,
} from '../../../services/shared/mysql/index.ts';
import { layOutStock, lockLevels } from '../../../services/worker/counters/stock.ts';

/** Units that orders hold beyond the level of their SKU. */
export interface Shortage {
  readonly sku: string;
  readonly units: number;
}

/**
 * Changes the levels in the open transaction of the session.
 *
 * @throws MissingForOutcome for a SKU without a stock row
 */
export async function changeStock(session: Session, changes: readonly StockChange[]): Promise<void> {
  if (changes.length === 0) return;
  const skus = changes.map(({ sku }) => sku);
  const levels = await lockLevels(session, skus);
  const absent = skus.find((sku) => !levels.has(sku));
  if (absent !== undefined)
    throw new MissingForOutcome(`the SKU ${absent} has no stock row; import the catalogue first`);
  const short = new Map((await readShortages(session, skus)).map(({ sku, units }) => [sku, units]));
  const exact = changes.map((change) => {
    const left = levels.get(change.sku)! - change.net - (short.get(change.sku) ?? 0);
    // The level after the change is known, so no guard is needed.
    return {
      ...change,
      peak: 0,
      net: levels.get(change.sku)! - Math.max(0, left),
      missing: Math.max(0, -left),
    };
  });
  await setLevels(session, exact);
  for (const { sku, missing } of exact) {
    if (missing !== (short.get(sku) ?? 0)) await writeShortage(session, sku, missing);
  }
}

async function setLevels(session: Session, changes: readonly StockChange[]): Promise<void> {
  const moved = changes.filter(({ net, shipped, added }) => net !== 0 || shipped !== 0 || added !== 0);
  const buffer = new StatementBuffer();
  const place = layOutStock(buffer, moved);
  if (place === null) return;
  const changed = affectedRows((await session.run(buffer.script()))[place]);
  if (changed !== moved.length) throw new Error(`${changed} of ${moved.length} locked stock rows changed`);
}

/** The shortages of these SKUs; without `skus`, of all. */
export async function readShortages(
  db: Pick<Queryable, 'rows'>,
  skus?: readonly string[],
): Promise<Shortage[]> {
  const only = skus === undefined ? '' : ` WHERE sku IN (${skus.map(textToSql).join(',')})`;
  return db.rows<Shortage>(`SELECT sku, units FROM recovery_shortages${only} ORDER BY sku`);
}

/** Pays shortages from levels that are high enough now. Returns those that remain. Workers may run. */
export async function payShortages(session: Session): Promise<Shortage[]> {
  for (const { sku } of await readShortages(session)) {
    await session.transaction(async () => {
      const [level] = await lockLevels(session, [sku]);
      const [short] = await readShortages(session, [sku]);
      const units = Math.min(level?.[1] ?? 0, short?.units ?? 0);
      if (units === 0) return;
      await setLevels(session, [{ sku, net: units, peak: units, shipped: 0, added: 0 }]);
      await writeShortage(session, sku, short!.units - units);
    });
  }
  return readShortages(session);
}

async function writeShortage(session: Session, sku: string, units: number): Promise<void> {
  await session.write(
    units === 0
      ? `DELETE FROM recovery_shortages WHERE sku = ${textToSql(sku)}`
      : `REPLACE INTO recovery_shortages (sku, units) VALUES (${textToSql(sku)}, ${units})`,
  );
}

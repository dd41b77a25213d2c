/** (c) Compares stock with the units of live orders, per SKU. */
import type { Session } from '../../shared/mysql/index.ts';
import type { Pace } from '../checks/pace.ts';
import type { Difference } from '../findings/finding-kinds.ts';
import type { Tally } from '../findings/tally.ts';

/** Rows of one query. */
const chunkSkus = 4_000;

/** Removes each matched SKU from `held`. The remaining SKUs have no stock row. */
export async function compareStock(
  session: Session,
  held: Map<string, number>,
  tally: Tally,
  pace: Pace,
  signal: AbortSignal,
): Promise<void> {
  for (let after = ''; ; ) {
    const rows = await pace.chunk(
      () =>
        session.rows<{ sku: string; initial: number; added: number; available: number }>(
          'SELECT sku, initial, added, available FROM stock WHERE sku > ? ORDER BY sku LIMIT ?',
          [after, chunkSkus],
        ),
      signal,
    );
    for (const { sku, initial, added, available } of rows) {
      const taken = initial + added - available;
      if (taken !== (held.get(sku) ?? 0)) tally.add(stockDifference(sku, held.get(sku) ?? 0, taken));
      held.delete(sku);
    }
    if (rows.length < chunkSkus) break;
    after = rows.at(-1)!.sku;
  }
  for (const [sku, units] of held) tally.add(stockDifference(sku, units, 0));
}

function stockDifference(sku: string, held: number, taken: number): Difference {
  return {
    kind: 'STOCK_DIFFERS',
    subject: sku,
    expected: `${held} on live orders`,
    actual: `${taken} taken from stock`,
  };
}

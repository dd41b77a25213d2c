/** (c) Compares stock with the units of live orders, per SKU. */
import type { Difference } from '../findings/finding-kinds.ts';
import type { Tally } from '../findings/tally.ts';
import { type PagedReads, pageRows, readPages } from './pages.ts';
import type { LineRow } from './rows.ts';

/** Units of one SKU on all orders. */
export interface SkuUnits {
  held: number;
  /** With the customers: shipped and not back in stock. */
  shipped: number;
}

const noUnits: SkuUnits = { held: 0, shipped: 0 };

/** Adds the units of a line. `isHolding`: its order holds or has sold stock. */
export function countUnits(
  units: Map<string, SkuUnits>,
  { sku, quantity, cancelled, shipped, restocked }: LineRow,
  isHolding: boolean,
): void {
  const held = isHolding ? quantity - cancelled - restocked : 0;
  if (held === 0 && shipped === 0) return;
  const away = shipped - restocked;
  const sums = units.get(sku);
  if (sums === undefined) units.set(sku, { held, shipped: away });
  else {
    sums.held += held;
    sums.shipped += away;
  }
}

/** Removes each matched SKU from `units`. The remaining SKUs have no stock row. */
export async function compareStock(
  reads: PagedReads,
  units: Map<string, SkuUnits>,
  tally: Tally,
): Promise<void> {
  for await (const { sku, initial, added, available, shipped } of readStock(reads)) {
    compare(tally, sku, units.get(sku) ?? noUnits, { held: initial + added - available, shipped });
    units.delete(sku);
  }
  for (const [sku, expected] of units) compare(tally, sku, expected, noUnits);
}

function readStock({ session, pace, signal }: PagedReads) {
  return readPages<
    { sku: string; initial: number; added: number; available: number; shipped: number },
    string
  >(
    (after) =>
      pace.chunk(
        () =>
          session.rows(
            'SELECT sku, initial, added, available, shipped FROM stock WHERE sku > ? ORDER BY sku LIMIT ?',
            [after, pageRows],
          ),
        signal,
      ),
    '',
    ({ sku }) => sku,
  );
}

/** Names shipped units only if they differ. */
function compare(tally: Tally, sku: string, expected: SkuUnits, actual: SkuUnits): void {
  const isHeld = expected.held === actual.held;
  const isShipped = expected.shipped === actual.shipped;
  if (isHeld && isShipped) return;
  const textOf = (held: string, shipped: string): string =>
    [isHeld ? [] : [held], isShipped ? [] : [shipped]].flat().join(', ');
  const difference: Difference = {
    kind: 'STOCK_DIFFERS',
    subject: sku,
    expected: textOf(`${expected.held} on live orders`, `${expected.shipped} shipped`),
    actual: textOf(`${actual.held} taken from stock`, `${actual.shipped} shipped from stock`),
  };
  tally.add(difference);
}

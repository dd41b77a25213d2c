/**
 * Checks that stock is conserved: initial units plus added units, minus units of orders, must equal the available
 * units.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Findings } from './checks.ts';

export interface StockDeps {
  db: Connection;
  findings: Findings;
  /** Units on orders that hold or have sold stock, by SKU. */
  held: ReadonlyMap<string, number>;
  /** Units with customers, by SKU: shipped and not back in stock. */
  shipped: ReadonlyMap<string, number>;
  /** Units that the outcomes in the log added, by SKU. Null if the log no longer has its first outcomes. */
  adjusted: ReadonlyMap<string, number> | null;
}

/** Compares every SKU. Returns their number. */
export async function checkStock({ db, findings, held, shipped, adjusted }: StockDeps): Promise<number> {
  const [rows] = await db.query<RowDataPacket[]>('SELECT sku, initial, added, available, shipped FROM stock');
  const known = new Set<string>();
  for (const row of rows) {
    const sku: string = row['sku'];
    const [initial, added, available] = [
      Number(row['initial']),
      Number(row['added']),
      Number(row['available']),
    ];
    known.add(sku);
    const sold = held.get(sku) ?? 0;
    if (initial + added - available !== sold) {
      findings.add(
        'stock',
        `${sku}: ${initial} + ${added} - ${available} available, but orders hold ${sold}`,
      );
    } else if (adjusted !== null && added !== (adjusted.get(sku) ?? 0)) {
      findings.add('stock', `${sku}: added is ${added}, the log adds ${adjusted.get(sku) ?? 0}`);
    }
    if (Number(row['shipped']) !== (shipped.get(sku) ?? 0)) {
      findings.add('stock', `${sku}: shipped is ${row['shipped']}, but orders have ${shipped.get(sku) ?? 0}`);
    }
    if (available < 0) findings.add('oversold', `${sku}: ${available} available`);
  }
  for (const [sku, quantity] of held) {
    if (!known.has(sku)) findings.add('stock', `${sku}: orders hold ${quantity}, but it has no stock row`);
  }
  return rows.length;
}

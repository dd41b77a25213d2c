/** The products that a run orders, from the file that `orderstream catalogue import` reads. */
import type { CatalogueRow } from '../../../cli/catalogue/read-catalogue.ts';
import { usageError } from '../../../cli/errors.ts';
import type { Choice } from './scenarios.ts';

export type Product = Pick<CatalogueRow, 'sku' | 'currency' | 'stock'>;

export interface Products {
  /** The currency of the run, because an order has one currency. */
  readonly currency: string;
  /** The products, most stock first. */
  readonly skus: readonly string[];
}

/**
 * The products of a run that orders `orders` orders. They have the currency of most products, and stock. @throws CliError
 * (exit code 2) if there is none.
 */
export function chooseProducts(catalogue: readonly Product[], choice: Choice, orders: number): Products {
  const stocked = catalogue.filter(({ stock }) => stock > 0);
  const currency = commonCurrency(stocked);
  if (currency === null) throw usageError('the catalogue has no product with stock');
  const ranked = stocked.filter((product) => product.currency === currency).toSorted(byStock);
  const chosen = choice.among === 'all' ? ranked : scarcest(ranked, unitsOf(choice, orders) / 2);
  return { currency, skus: chosen.map(({ sku }) => sku) };
}

function commonCurrency(products: readonly Product[]): string | null {
  const counts = new Map<string, number>();
  for (const { currency } of products) counts.set(currency, (counts.get(currency) ?? 0) + 1);
  const [most] = [...counts].toSorted(([a, countA], [b, countB]) => countB - countA || compare(a, b));
  return most?.[0] ?? null;
}

/** Mean number of units that so many orders ask for. */
function unitsOf({ linesMax, quantityMax }: Choice, orders: number): number {
  return (orders * (1 + linesMax) * (1 + quantityMax)) / 4;
}

/** The last products whose stock together is at most `unitsMax`, but at least one. */
function scarcest(ranked: readonly Product[], unitsMax: number): readonly Product[] {
  let units = 0;
  let first = ranked.length;
  while (first > 0 && units + ranked[first - 1]!.stock <= unitsMax) {
    first -= 1;
    units += ranked[first]!.stock;
  }
  return ranked.slice(Math.min(first, ranked.length - 1));
}

function byStock(a: Product, b: Product): number {
  return b.stock - a.stock || compare(a.sku, b.sku);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}

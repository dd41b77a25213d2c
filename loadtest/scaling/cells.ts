/** Several whole pipelines beside each other: which customers move when one is added, and what split stock costs. */
import { createRandom, mix32, type Random } from '../store/random.ts';

/** The cell of a customer by rendezvous hashing: the cell with the largest hash of both. */
export function cellOf(customer: number, cells: number): number {
  let best = 0;
  let bestScore = -1;
  for (let cell = 0; cell < cells; cell += 1) {
    const score = mix32(mix32(customer + 1) ^ Math.imul(cell + 1, 0x9e3779b1));
    if (score > bestScore) [best, bestScore] = [cell, score];
  }
  return best;
}

export interface Rebalanced {
  /** Share of the customers that change their cell. */
  readonly moved: number;
  /** Orders of the fullest cell, divided by the mean of all cells. */
  readonly fullest: number;
}

/**
 * What happens if one more cell is added.
 *
 * @param weightOf how many orders a customer places
 */
export function addCell(
  {
    customers,
    cells,
    weightOf,
  }: { customers: number; cells: number; weightOf: (customer: number) => number },
  place: (customer: number, cells: number) => number = cellOf,
): Rebalanced {
  const loads = Array.from({ length: cells + 1 }, () => 0);
  let moved = 0;
  for (let customer = 0; customer < customers; customer += 1) {
    const after = place(customer, cells + 1);
    if (place(customer, cells) !== after) moved += 1;
    loads[after]! += weightOf(customer);
  }
  const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
  return { moved: moved / customers, fullest: Math.max(...loads) / mean };
}

export interface StockPlan {
  readonly cells: number;
  readonly units: number;
  /** After this many orders, the units that are left are shared equally again; null for never. */
  readonly shareEvery: number | null;
  readonly seed?: number;
}

/** Share of the units of one SKU that are unsold when the first order is refused. Each order takes one unit in a random cell. */
export function unsoldAtFirstRefusal({ cells, units, shareEvery, seed = 1 }: StockPlan): number {
  const random = createRandom(seed);
  let stock = shared(units, cells);
  for (let sold = 0; sold < units; sold += 1) {
    if (shareEvery !== null && sold > 0 && sold % shareEvery === 0) stock = shared(units - sold, cells);
    const cell = pick(random, cells);
    if (stock[cell] === 0) return (units - sold) / units;
    stock[cell]! -= 1;
  }
  return 0;
}

function shared(units: number, cells: number): number[] {
  const each = Math.floor(units / cells);
  return Array.from({ length: cells }, (_, cell) => each + (cell < units % cells ? 1 : 0));
}

function pick(random: Random, count: number): number {
  return Math.floor((random() / 2 ** 32) * count);
}

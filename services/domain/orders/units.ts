/** Units of order lines: which of them a command means, and how many are left. */
import type { LineUnits, Reason } from '../../../schemas/generated/types.ts';
import type { KnownLine, KnownOrder, LineUnitCounts } from '../context.ts';
import * as reasons from '../reasons.ts';

/** Units that are neither shipped nor cancelled. */
export function unshippedOf({ quantity, cancelled = 0, shipped = 0 }: KnownLine): number {
  return quantity - cancelled - shipped;
}

/** Units that were shipped and have not come back. */
export function awayOf({ shipped = 0, returned = 0 }: KnownLine): number {
  return shipped - returned;
}

/** Whether nothing is left to ship, and everything that was shipped came back. */
export function isAllBack({ lines }: Pick<KnownOrder, 'lines'>): boolean {
  return lines.every((line) => unshippedOf(line) === 0 && awayOf(line) === 0);
}

/** Whether a unit of the order was shipped, whatever came back. */
export function isPartShipped({ lines }: Pick<KnownOrder, 'lines'>): boolean {
  return lines.some(({ shipped = 0 }) => shipped > 0);
}

/**
 * The units that a command means: those that it names, or all that are left. Returns the reason if the order does not have
 * them.
 */
export function chooseUnits<Named extends LineUnits>(
  { lines }: Pick<KnownOrder, 'lines'>,
  named: readonly Named[],
  leftOf: (line: KnownLine) => number,
): { units: readonly (Named | LineUnits)[] } | { refusal: Reason } {
  if (named.length === 0) {
    const units = lines.flatMap((line, index) => {
      const quantity = leftOf(line);
      return quantity > 0 ? [{ line: index + 1, quantity }] : [];
    });
    return units.length === 0 ? { refusal: reasons.quantityTooLarge(null, null, null, 0) } : { units };
  }
  for (const [at, { line: lineNo, quantity }] of named.entries()) {
    const line = lines[lineNo - 1];
    if (line === undefined) return { refusal: reasons.lineUnknown(at, lineNo) };
    const left = leftOf(line);
    if (quantity > left) return { refusal: reasons.quantityTooLarge(at, lineNo, quantity, left) };
  }
  return { units: named };
}

/** The lines with these units added to one of their counts. A line without such units stays the same object. */
export function countUnits(
  lines: readonly KnownLine[],
  units: readonly LineUnits[],
  count: keyof LineUnitCounts,
): readonly KnownLine[] {
  const changed = [...lines];
  for (const { line, quantity } of units) {
    const before = changed[line - 1]!;
    changed[line - 1] = { ...before, [count]: (before[count] ?? 0) + quantity };
  }
  return changed;
}

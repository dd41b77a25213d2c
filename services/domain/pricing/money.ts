/** Arithmetic on amounts: integer minor units, exact, rounded half up. */

/**
 * A larger sum of money is refused. JavaScript and JSON keep integers exact up to 2^53 - 1. The Avro library
 * encodes no integer above 2^53 - 2.
 */
export const amountMax = Number.MAX_SAFE_INTEGER - 1;

/**
 * amount × numerator ÷ denominator, rounded half up. All three are safe integers of at least 0, and the denominator is
 * at least 1. A result beyond `amountMax` is not exact, but it is beyond `amountMax`.
 */
export function mulDivHalfUp(amount: number, numerator: number, denominator: number): number {
  const product = amount * numerator;
  if (product <= Number.MAX_SAFE_INTEGER) {
    const rest = product % denominator;
    return (product - rest) / denominator + (rest >= denominator - rest ? 1 : 0);
  }
  const divisor = BigInt(denominator);
  const exact = BigInt(amount) * BigInt(numerator);
  const rest = exact % divisor;
  return Number(exact / divisor + (2n * rest >= divisor ? 1n : 0n));
}

/** amount × numerator ÷ denominator, rounded down. The arguments are those of `mulDivHalfUp`. */
export function mulDivFloor(amount: number, numerator: number, denominator: number): number {
  const product = amount * numerator;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.floor(product / denominator);
  return Number((BigInt(amount) * BigInt(numerator)) / BigInt(denominator));
}

/**
 * Spreads `total` over members in proportion to their weights. Every member gets its share rounded down. The
 * remaining units go to the members with the largest remainders, one unit each. If remainders are equal, the first
 * member gets the unit. So the shares always add up to `total`. If all weights are 0, every share is 0.
 *
 * @param total a safe integer of at least 0
 * @param weights safe integers of at least 0, whose sum is a safe integer
 */
export function spread(total: number, weights: readonly number[]): number[] {
  const shares: number[] = [];
  let sum = 0;
  for (let index = 0; index < weights.length; index++) {
    sum += weights[index]!;
    shares.push(0);
  }
  if (total === 0 || sum === 0) return shares;
  let left = total;
  for (let index = 0; index < weights.length; index++) {
    const share = mulDivFloor(total, weights[index]!, sum);
    shares[index] = share;
    left -= share;
  }
  if (left > 0) handOut(left, shares, remaindersOf(total, weights, sum));
  return shares;
}

/** Gives one unit each to the members with the largest remainders. `left` is less than their number. */
function handOut(left: number, shares: number[], remainders: number[]): void {
  for (let rest = left; rest > 0; rest--) {
    let largest = 0;
    for (let index = 1; index < remainders.length; index++) {
      if (remainders[index]! > remainders[largest]!) largest = index;
    }
    shares[largest]! += 1;
    remainders[largest] = -1;
  }
}

/** What each share loses by rounding down, in parts of `sum`. */
function remaindersOf(total: number, weights: readonly number[], sum: number): number[] {
  const remainders: number[] = [];
  for (let index = 0; index < weights.length; index++) {
    const product = total * weights[index]!;
    if (product <= Number.MAX_SAFE_INTEGER) remainders.push(product % sum);
    else remainders.push(Number((BigInt(total) * BigInt(weights[index]!)) % BigInt(sum)));
  }
  return remainders;
}

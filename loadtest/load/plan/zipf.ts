/** The Zipf distribution: rank k has a probability in proportion to 1 / k^exponent. */
import type { Random } from '../../store/random.ts';

const randomMax = 2 ** 32;

/** Returns the index of the next choice: 0 for rank 1. */
export type Sampler = () => number;

/** A sampler of the indices below `size`. The time of a choice grows with the logarithm of `size`. */
export function createZipf(size: number, exponent: number, random: Random): Sampler {
  const cumulated = new Float64Array(size);
  let sum = 0;
  for (let index = 0; index < size; index++) {
    sum += (index + 1) ** -exponent;
    cumulated[index] = sum;
  }
  return () => firstAbove(cumulated, (random() / randomMax) * sum);
}

/** The index of the first value that is above `limit`. The last value is. */
function firstAbove(values: Float64Array, limit: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

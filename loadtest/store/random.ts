/** Pseudo-random numbers that are the same in every run. */

/** Returns the next number, an unsigned 32-bit integer. */
export type Random = () => number;

/**
 * The finaliser of MurmurHash3: a bijection of the unsigned 32-bit integers. Every output bit depends on every input
 * bit.
 */
export function mix32(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Returns `mix32` of a counter whose start depends on the seed. */
export function createRandom(seed: number): Random {
  let counter = mix32(seed + 0x9e3779b9);
  return () => {
    counter = (counter + 0x9e3779b9) >>> 0;
    return mix32(counter);
  };
}

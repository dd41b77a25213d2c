/** Random numbers, the same in every run. */

/** Returns the next number, an unsigned 32-bit integer. */
export type Random = () => number;

/** MurmurHash3's finaliser: a bijection of the unsigned 32-bit integers in which every bit depends on every other. */
export function mix32(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A counter through `mix32`, from a start that depends on the seed. */
export function createRandom(seed: number): Random {
  let counter = mix32(seed + 0x9e3779b9);
  return () => {
    counter = (counter + 0x9e3779b9) >>> 0;
    return mix32(counter);
  };
}

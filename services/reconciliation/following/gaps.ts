/** Missing offsets of a partition, as ranges. A million consecutive offsets use the memory of one range. */

/** Maximum number of ranges. The offsets of further ranges are only counted. */
const rangesMax = 10_000;

export interface Gaps {
  /** Adds offsets from `from` (inclusive) to `to` (exclusive). All must be above the offsets added before. */
  add(from: number, to: number): void;
  has(offset: number): boolean;
  /** Removes one offset. Returns false if it was not there. */
  delete(offset: number): boolean;
  /** The lowest `max` offsets. */
  first(max: number): number[];
  /** The number of offsets. */
  count(): number;
}

interface Range {
  from: number;
  to: number;
}

/** @param offsets the initial offsets, in any order */
export function createGaps(offsets: Iterable<number> = []): Gaps {
  const ranges: Range[] = [];
  let uncertain = 0;
  let named = 0;

  const add = (from: number, to: number): void => {
    const last = ranges.at(-1);
    if (last?.to === from) last.to = to;
    else if (ranges.length < rangesMax) ranges.push({ from, to });
    else {
      uncertain += to - from;
      return;
    }
    named += to - from;
  };
  /** The index of the range with the offset, or -1. */
  const indexOf = (offset: number): number => {
    let [low, high] = [0, ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ranges[middle]!.to <= offset) low = middle + 1;
      else high = middle;
    }
    return low < ranges.length && ranges[low]!.from <= offset ? low : -1;
  };
  for (const offset of [...new Set(offsets)].toSorted((a, b) => a - b)) add(offset, offset + 1);

  return {
    add,
    has: (offset) => indexOf(offset) >= 0,
    delete(offset) {
      const index = indexOf(offset);
      if (index < 0) return false;
      const { from, to } = ranges[index]!;
      const left = [
        { from, to: offset },
        { from: offset + 1, to },
      ].filter((part) => part.from < part.to);
      ranges.splice(index, 1, ...left);
      named--;
      return true;
    },
    first(max) {
      const found: number[] = [];
      for (const { from, to } of ranges) {
        for (let offset = from; offset < to && found.length < max; offset++) found.push(offset);
        if (found.length >= max) break;
      }
      return found;
    },
    count: () => named + uncertain,
  };
}

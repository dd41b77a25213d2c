/**
 * The seen offsets of a partition, in constant memory. All offsets below the watermark are settled. A window of
 * bits above the watermark records offsets out of order. If the window moves past a missing offset, the set reports
 * it as skipped and settles it.
 */

/** Number of bits above the watermark. This is the maximum distance ahead of a hole. */
export const windowOffsets = 65_536;

export interface OffsetSet {
  /** Adds an offset. `settled`: the offset is below the watermark, so it was seen before or skipped. */
  add(offset: number): 'new' | 'repeat' | 'settled';
  /** First offset that is not settled. */
  watermark(): number;
  /** Whether the offset was seen, or lies below the watermark. */
  has(offset: number): boolean;
  /** Offsets from the watermark up to `limit` that were not seen, at most `max` of them. */
  missingBelow(limit: number, max: number): number[];
}

/** @param onSkipped called with each hole that left the window: from (inclusive) to (exclusive) */
export function createOffsetSet(first: number, onSkipped: (from: number, to: number) => void): OffsetSet {
  const bits = new Uint32Array(windowOffsets / 32);
  let watermark = first;
  let end = first;

  const slot = (offset: number): number => (offset % windowOffsets) >>> 5;
  const mask = (offset: number): number => (1 << (offset % 32)) >>> 0;
  const has = (offset: number): boolean => (bits[slot(offset)]! & mask(offset)) !== 0;
  const clear = (offset: number): void => {
    bits[slot(offset)]! &= ~mask(offset);
  };
  const advance = (): void => {
    while (watermark < end && has(watermark)) clear(watermark++);
  };
  const slideTo = (target: number): void => {
    let holeFrom: number | null = null;
    for (; watermark < Math.min(target, end); watermark++) {
      if (!has(watermark)) holeFrom ??= watermark;
      else if (holeFrom !== null) {
        onSkipped(holeFrom, watermark);
        holeFrom = null;
      }
      clear(watermark);
    }
    if (watermark < target) {
      holeFrom ??= watermark;
      watermark = target;
    }
    if (holeFrom !== null) onSkipped(holeFrom, watermark);
  };

  return {
    add(offset) {
      if (offset < watermark) return 'settled';
      if (offset >= watermark + windowOffsets) slideTo(offset - windowOffsets + 1);
      if (has(offset)) return 'repeat';
      bits[slot(offset)]! |= mask(offset);
      end = Math.max(end, offset + 1);
      advance();
      return 'new';
    },
    watermark: () => watermark,
    has: (offset) => offset < watermark || (offset < end && has(offset)),
    missingBelow(limit, max) {
      const missing: number[] = [];
      const last = Math.min(limit, watermark + windowOffsets);
      for (let offset = watermark; offset < last && missing.length < max; offset++) {
        if (offset >= end || !has(offset)) missing.push(offset);
      }
      return missing;
    },
  };
}

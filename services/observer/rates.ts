/** Rates over the last readings. */
import { type Flow, flowBetween } from '../inspection/index.ts';
import type { Reading } from './reading.ts';

export interface Rates {
  /** Adds a reading, and returns what happened in the window; null at the first reading. */
  add(reading: Reading): Flow | null;
}

/** A gap between readings that is longer than this makes the older ones useless. */
const gapWindows = 4;

/** @param windowMs shortest time between the two readings that are compared, if there are older ones */
export function createRates(windowMs: number): Rates {
  let kept: Reading[] = [];
  return {
    add(reading) {
      const youngestMs = reading.monotonicMs - windowMs;
      const oldestMs = reading.monotonicMs - gapWindows * windowMs;
      // Keeps the newest reading that is older than the window, and all younger ones.
      const from = kept.findLastIndex(({ monotonicMs }) => monotonicMs <= youngestMs);
      kept = kept.slice(Math.max(0, from)).filter(({ monotonicMs }) => monotonicMs >= oldestMs);
      const [before] = kept;
      kept.push(reading);
      return before === undefined ? null : flowBetween(before, reading);
    },
  };
}

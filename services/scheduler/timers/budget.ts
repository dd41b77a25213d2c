/** A limit of commands per second. Unused parts are lost, except for those of the last quarter of a second. */

export interface Budget {
  /** Takes up to this number of commands. Returns how many are allowed now. */
  take(wanted: number, ratePerSecond: number): number;
}

const burstSeconds = 0.25;

/** @param nowMs a monotonic clock, ms */
export function createBudget(nowMs: () => number): Budget {
  let left = 0;
  let atMs = nowMs();
  return {
    take(wanted, ratePerSecond) {
      const sinceMs = nowMs() - atMs;
      atMs = nowMs();
      const burst = Math.max(1, ratePerSecond * burstSeconds);
      left = Math.min(burst, left + (ratePerSecond * sinceMs) / 1_000);
      const allowed = Math.min(wanted, Math.floor(left));
      left -= allowed;
      return allowed;
    },
  };
}

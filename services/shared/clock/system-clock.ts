/** `nowMs` is wall time (epoch ms, may jump). `monotonicMs` only grows; measure durations with it. */
export type Clock = { nowMs(): number; monotonicMs(): number };

/**
 * The clock of this machine. Its wall time may be wrong. Do not compare it with times of other processes or of
 * the database.
 */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

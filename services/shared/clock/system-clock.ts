/** `nowMs` is wall time (epoch ms, may jump); `monotonicMs` only ever grows and is the one to measure spans with. */
export type Clock = { nowMs(): number; monotonicMs(): number };

/** The clock of this machine. Its wall time may be wrong: compare it with no time of another process or of the database. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

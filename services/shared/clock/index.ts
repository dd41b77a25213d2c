/** `nowMs` is wall time (epoch ms, may jump); `monotonicMs` only ever grows and is the one to measure spans with. */
export type Clock = { nowMs(): number; monotonicMs(): number };

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/**
 * Decides when the fetches from one broker begin. Slower fetches return more records each, but deliver them
 * later.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';

/** The time from the start of a fetch to the start of the next one. Between the two rates it grows with the rate. */
export interface FetchPace {
  /** In ms, while no records arrive. */
  readonly quietMs: number;
  /** In ms, at `busyPerSecond` and above. */
  readonly busyMs: number;
  /** Records a second. */
  readonly busyPerSecond: number;
}

const quietMs = 15;
const busyPerSecond = 200;

/** For readers whose results a caller waits for. docs/decisions/0013 has the measurements. */
export const quickPace: FetchPace = { quietMs, busyMs: quietMs, busyPerSecond };
/**
 * For deliveries. Fetches are quick on an idle system, and a tenth of a second apart under load.
 * docs/decisions/0076 has the measurements.
 */
export const deliveryPace: FetchPace = { quietMs, busyMs: 100, busyPerSecond };
/** For readers whose results no caller waits for. docs/decisions/0076 has the measurements. */
export const backgroundPace: FetchPace = { quietMs, busyMs: 250, busyPerSecond };

/** The rate is an average over about this time. */
const rateSpanMs = 1_000;

export interface Pace {
  /** Resolves when the next fetch may begin. Call it once before each fetch. */
  turn(): Promise<void>;
  /**
   * Reports the result of the fetch.
   * @param records the number of fetched records
   * @param isBehind whether the log has more records; then the next fetch begins after `quietMs`
   */
  fetched(records: number, isBehind: boolean): void;
}

/**
 * Tests replace `clock` and `sleep`, which count ms. After a fetch that took longer than the pace, the next one
 * begins at once.
 */
export function createPace(
  pace: FetchPace,
  clock: () => number = () => performance.now(),
  sleep: (ms: number) => Promise<unknown> = wait,
): Pace {
  let startedMs = Number.NEGATIVE_INFINITY;
  let ratedMs = clock();
  let perSecond = 0;
  let spacingMs = pace.quietMs;
  return {
    async turn() {
      const early = startedMs + spacingMs - clock();
      if (early > 0) await sleep(Math.ceil(early));
      startedMs = clock();
    },
    fetched(records, isBehind) {
      const nowMs = clock();
      const spanMs = Math.max(1, nowMs - ratedMs);
      ratedMs = nowMs;
      // An exponential average: the weight of the past falls by e in each span.
      perSecond += (1 - Math.exp(-spanMs / rateSpanMs)) * ((records * 1_000) / spanMs - perSecond);
      const share = isBehind ? 0 : Math.min(1, perSecond / pace.busyPerSecond);
      spacingMs = pace.quietMs + share * (pace.busyMs - pace.quietMs);
    },
  };
}

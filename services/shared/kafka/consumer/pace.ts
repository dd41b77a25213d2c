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
/** For readers whose results no caller waits for. docs/decisions/0077 has the measurements. */
export const backgroundPace: FetchPace = { quietMs, busyMs: 1_000, busyPerSecond };

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
 * A fetch that took longer than the pace is followed at once. `clock` and `sleep` are replaced in tests; both count ms.
 * @param paceOf asked after each fetch, so that a reader may become quicker or slower
 * @param spacingMaxMs no spacing is longer, whatever the pace says
 */
export function createPace(
  paceOf: () => FetchPace,
  spacingMaxMs = Number.POSITIVE_INFINITY,
  clock: () => number = () => performance.now(),
  sleep: (ms: number) => Promise<unknown> = wait,
): Pace {
  let startedMs = Number.NEGATIVE_INFINITY;
  let ratedMs = clock();
  let perSecond = 0;
  let spacingMs = paceOf().quietMs;
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
      const { quietMs: least, busyMs, busyPerSecond: busyFrom } = paceOf();
      const share = isBehind ? 0 : Math.min(1, perSecond / busyFrom);
      spacingMs = Math.min(spacingMaxMs, least + share * (busyMs - least));
    },
  };
}

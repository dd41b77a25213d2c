/** When the fetches of one broker begin. A slower reader gets more records per fetch, for later delivery. */
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';

/** The time from the start of a fetch to the start of the next one. Between the two rates it grows with the rate. */
export interface FetchPace {
  /** ms, while no records come. */
  readonly quietMs: number;
  /** ms, at `busyPerSecond` and above. */
  readonly busyMs: number;
  /** Records a second. */
  readonly busyPerSecond: number;
}

const quietMs = 15;
const busyPerSecond = 200;

/** For readers that somebody waits for. docs/decisions/0013 has the measurements. */
export const quickPace: FetchPace = { quietMs, busyMs: quietMs, busyPerSecond };
/** For deliveries: quick on an idle system, a tenth of a second late under load. docs/decisions/0076 has the measurements. */
export const deliveryPace: FetchPace = { quietMs, busyMs: 100, busyPerSecond };
/** For readers that nobody waits for. docs/decisions/0076 has the measurements. */
export const backgroundPace: FetchPace = { quietMs, busyMs: 250, busyPerSecond };

/** The rate is an average over about this time. */
const rateSpanMs = 1_000;

export interface Pace {
  /** Resolves when the next fetch may begin. Call it once before each fetch. */
  turn(): Promise<void>;
  /**
   * Says what the fetch brought.
   * @param records how many came
   * @param isBehind the log holds more; then waiting gains nothing, and the next fetch begins after `quietMs`
   */
  fetched(records: number, isBehind: boolean): void;
}

/** `clock` and `sleep` are replaced in tests; both count ms. A fetch that took longer than the pace is followed at once. */
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

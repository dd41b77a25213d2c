/**
 * Combines many lookups into few. Requests that arrive within the linger, or while earlier batches are in flight,
 * share a batch.
 */
import { startTimeout } from '../../../shared/retry/index.ts';

export interface BatcherOptions<K, V> {
  /** Returns one value per key, in the order of `keys`. */
  readonly run: (keys: readonly K[]) => Promise<readonly V[]>;
  /** The result if `run` fails or is late, or during the pause after a failure. */
  readonly fallback: V;
  /** Called once per failed batch. */
  readonly onFailure: (error: unknown) => void;
  /** A batch with this many keys accepts no more calls. The keys of one call are never split. */
  readonly batchMax: number;
  readonly inFlightMax: number;
  /** How long the first call waits for others, in ms. 0: until the end of this turn of the event loop. */
  readonly lingerMs: number;
  /** Maximum time of one call of `run`. */
  readonly timeoutMs: number;
  /** After a failure every lookup gets the fallback at once for this long. */
  readonly restMs: number;
}

export interface Batcher<K, V> {
  /** Results by position. Never rejects: a failed lookup gives the fallback. */
  load(keys: readonly K[]): Promise<readonly V[]>;
}

interface WaitingCall<K, V> {
  readonly keys: readonly K[];
  readonly resolve: (values: readonly V[]) => void;
}

export function createBatcher<K, V>(options: BatcherOptions<K, V>): Batcher<K, V> {
  const { run, fallback, onFailure, batchMax, inFlightMax, lingerMs, timeoutMs, restMs } = options;
  let waiting: WaitingCall<K, V>[] = [];
  let scheduled = false;
  let inFlight = 0;
  let restUntilMs = 0;

  const fallbacks = (keys: readonly K[]): V[] => keys.map(() => fallback);

  const schedule = (): void => {
    if (scheduled || inFlight >= inFlightMax || waiting.length === 0) return;
    scheduled = true;
    if (lingerMs === 0) setImmediate(flush);
    else setTimeout(flush, lingerMs);
  };

  const take = (): WaitingCall<K, V>[] => {
    let calls = 0;
    for (let keys = 0; calls < waiting.length && keys < batchMax; calls++)
      keys += waiting[calls]!.keys.length;
    const taken = waiting.slice(0, calls);
    waiting = waiting.slice(calls);
    return taken;
  };

  const flush = (): void => {
    scheduled = false;
    if (waiting.length === 0) return;
    const batch = take();
    inFlight++;
    let answered = false;
    const settle = (values: readonly V[] | null): void => {
      if (answered) return;
      answered = true;
      cancel();
      let from = 0;
      for (const { keys, resolve } of batch) {
        resolve(values === null ? fallbacks(keys) : values.slice(from, from + keys.length));
        from += keys.length;
      }
    };
    const fail = (error: unknown): void => {
      restUntilMs = performance.now() + restMs;
      onFailure(error);
      settle(null);
      for (const { keys, resolve } of waiting.splice(0)) resolve(fallbacks(keys));
    };
    const cancel = startTimeout(timeoutMs, () => fail(new Error(`no answer within ${timeoutMs} ms`)));
    run(batch.flatMap(({ keys }) => keys))
      .then(settle, (error: unknown) => (answered ? undefined : fail(error)))
      .finally(() => {
        inFlight--;
        schedule();
      });
    schedule();
  };

  return {
    load(keys) {
      if (restUntilMs > 0 && performance.now() < restUntilMs) return Promise.resolve(fallbacks(keys));
      return new Promise((resolve) => {
        waiting.push({ keys, resolve });
        schedule();
      });
    },
  };
}

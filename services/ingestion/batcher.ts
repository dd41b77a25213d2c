/**
 * Turns many single lookups into few batched ones: what is asked for within the linger, or while the batches before are
 * still under way, goes out together.
 */

export interface BatcherOptions<K, V> {
  /** Answers by position; must be as long as `keys`. */
  readonly run: (keys: readonly K[]) => Promise<readonly V[]>;
  /** The answer when `run` fails or is late, or while it is being left alone. */
  readonly fallback: V;
  /** Called once per failed batch. */
  readonly onFailure: (error: unknown) => void;
  readonly batchMax: number;
  readonly inFlightMax: number;
  /** How long the first key waits for others; 0 for the rest of this turn of the event loop. */
  readonly lingerMs: number;
  /** From sending a batch to giving up on it. */
  readonly timeoutMs: number;
  /** After a failure every lookup gets the fallback at once for this long. */
  readonly restMs: number;
}

export interface Batcher<K, V> {
  load(key: K): Promise<V>;
}

interface Waiting<K, V> {
  readonly key: K;
  readonly resolve: (value: V) => void;
}

export function createBatcher<K, V>(options: BatcherOptions<K, V>): Batcher<K, V> {
  const { run, fallback, onFailure, batchMax, inFlightMax, lingerMs, timeoutMs, restMs } = options;
  let waiting: Waiting<K, V>[] = [];
  let scheduled = false;
  let inFlight = 0;
  let restUntilMs = 0;

  const schedule = (): void => {
    if (scheduled || inFlight >= inFlightMax || waiting.length === 0) return;
    scheduled = true;
    if (lingerMs === 0) setImmediate(flush);
    else setTimeout(flush, lingerMs);
  };

  const flush = (): void => {
    scheduled = false;
    const batch = waiting.length <= batchMax ? waiting : waiting.slice(0, batchMax);
    waiting = waiting.length <= batchMax ? [] : waiting.slice(batchMax);
    inFlight++;
    let answered = false;
    const settle = (values: readonly V[] | null): void => {
      if (answered) return;
      answered = true;
      clearTimeout(timer);
      for (let i = 0; i < batch.length; i++) batch[i]!.resolve(values === null ? fallback : values[i]!);
    };
    const fail = (error: unknown): void => {
      restUntilMs = performance.now() + restMs;
      onFailure(error);
      settle(null);
      for (const { resolve } of waiting.splice(0)) resolve(fallback);
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    run(batch.map(({ key }) => key))
      .then(settle, (error: unknown) => (answered ? undefined : fail(error)))
      .finally(() => {
        inFlight--;
        schedule();
      });
    schedule();
  };

  return {
    load(key) {
      if (restUntilMs > 0 && performance.now() < restUntilMs) return Promise.resolve(fallback);
      return new Promise((resolve) => {
        waiting.push({ key, resolve });
        schedule();
      });
    },
  };
}

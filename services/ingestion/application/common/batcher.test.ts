import { afterEach, describe, expect, test, vi } from 'vitest';
import { type BatcherOptions, createBatcher } from './batcher.ts';

afterEach(() => void vi.useRealTimers());

/** A batcher that doubles numbers. It keeps the calls of `run`, and the test decides when each of them ends. */
function doubling(options: Partial<BatcherOptions<number, number>> = {}) {
  const runs: (readonly number[])[] = [];
  const held: PromiseWithResolvers<void>[] = [];
  const failures: unknown[] = [];
  const batcher = createBatcher<number, number>({
    async run(keys) {
      runs.push(keys);
      const hold = Promise.withResolvers<void>();
      held.push(hold);
      await hold.promise;
      return keys.map((key) => key * 2);
    },
    fallback: -1,
    onFailure: (error) => failures.push(error),
    batchMax: 4,
    inFlightMax: 1,
    lingerMs: 0,
    timeoutMs: 5_000,
    restMs: 0,
    ...options,
  });
  const started = (count: number) => expect.poll(() => runs.length).toBe(count);
  return { batcher, runs, held, failures, started };
}

describe('a batcher', () => {
  test('combines calls, splits none, and gives each call its own results', async () => {
    const { batcher, runs, held, started } = doubling();
    const loads = [[1], [2, 3, 4, 5, 6], [], [7]].map((keys) => batcher.load(keys));
    await started(1);
    expect(runs).toEqual([[1, 2, 3, 4, 5, 6]]);
    held[0]!.resolve();
    await started(2);
    expect(runs[1]).toEqual([7]);
    held[1]!.resolve();
    expect(await Promise.all(loads)).toEqual([[2], [4, 6, 8, 10, 12], [], [14]]);
  });

  test('gives the fallback to the failed batch and to all waiting calls, and then pauses', async () => {
    const { batcher, runs, held, failures, started } = doubling({ restMs: 60_000 });
    const failing = batcher.load([1, 2]);
    await started(1);
    const behind = batcher.load([3]);
    held[0]!.reject(new Error('away'));
    expect(await failing).toEqual([-1, -1]);
    expect(await behind).toEqual([-1]);
    expect(await batcher.load([4, 5])).toEqual([-1, -1]);
    expect(failures).toHaveLength(1);
    expect(runs).toHaveLength(1);
  });

  test('does not call `run` for calls that got the fallback during their linger', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { batcher, runs, held } = doubling({ inFlightMax: 2, lingerMs: 20 });
    const failing = batcher.load([1]);
    await vi.advanceTimersByTimeAsync(20);
    const behind = batcher.load([2]);
    held[0]!.reject(new Error('away'));
    expect(await Promise.all([failing, behind])).toEqual([[-1], [-1]]);
    await vi.advanceTimersByTimeAsync(20);
    expect(runs).toEqual([[1]]);
  });

  test('does not wait for a late result', async () => {
    const { batcher, held, failures, started } = doubling({ timeoutMs: 20 });
    const late = batcher.load([1]);
    await started(1);
    expect(await late).toEqual([-1]);
    held[0]!.resolve();
    expect(failures).toHaveLength(1);
  });
});

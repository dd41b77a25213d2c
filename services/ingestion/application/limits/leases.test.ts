import { describe, expect, test } from 'vitest';
import { createLeases } from './leases.ts';

/** A fake Redis. Its script returns the result of `answer` for the keys. */
function fakeRedis(answer: (keys: readonly string[]) => unknown) {
  const state = { calls: [] as (readonly string[])[], failures: 0 };
  const redis = {
    run: <T, F>(fn: (client: never) => Promise<T>, fallback: F): Promise<T | F> =>
      fn(undefined as never).catch(() => {
        state.failures++;
        return fallback;
      }),
    script: () => async (_client: unknown, keys: readonly string[]) => {
      state.calls.push(keys);
      return answer(keys);
    },
  };
  return {
    state,
    leases: createLeases({ redis: redis as never, limits: { ordersPerSecond: 100, burstOrders: 200 } }),
  };
}

const take = (leases: ReturnType<typeof createLeases>, callerId = 'c', want = 10, need = 1) =>
  leases.take({ callerId, want, need });

test('one call serves two hundred callers, and each caller gets its own lease', async () => {
  const { state, leases } = fakeRedis((keys) => keys.flatMap((_key, i) => [i % 10, i]));
  const crowd = Array.from({ length: 512 }, (_, n) => take(leases, `caller ${n}`));
  const answers = await Promise.all(crowd);
  expect(state.calls.map(({ length }) => length)).toEqual([200, 200, 112]);
  expect(answers[7]).toEqual({ granted: 7, left: 7 });
  expect(answers[207]).toEqual({ granted: 7, left: 7 });
});

describe('an invalid lease counts as a failure of Redis', () => {
  test.each([
    ['negative numbers', [-1000, -1000]],
    ['text', ['abc', 'xyz']],
    ['numbers as text', ['5', '5']],
    ['fractions', [1.5, 2.5]],
    ['more than requested', [11, 0]],
    ['fewer than needed', [1, 0]],
    ['one number', [5]],
    ['three numbers', [5, 5, 5]],
    ['nothing', []],
    ['nil', null],
    ['a number', 7],
    ['an object', { granted: 5, left: 5 }],
    ['lists in a list', [[5], [5]]],
  ])('%s', async (_what, answer) => {
    const { state, leases } = fakeRedis(() => answer);
    expect(await take(leases, 'c', 10, 2)).toBeNull();
    expect(state.failures).toBe(1);
  });

  test('one invalid lease makes its whole call fail, but not the next call', async () => {
    let calls = 0;
    const { leases } = fakeRedis((keys) => (calls++ === 0 ? [5, 5, -1, 0] : keys.flatMap(() => [5, 5])));
    expect(await Promise.all([take(leases, 'a'), take(leases, 'b')])).toEqual([null, null]);
    expect(await take(leases, 'a')).toEqual({ granted: 5, left: 5 });
  });
});

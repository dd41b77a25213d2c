import { expect, test } from 'vitest';
import { createRateLimiter } from './rate-limit.ts';

/** A fake Redis that keeps the bucket of the script in memory, for all instances. */
function fakeRedis(clock: { ms: number }) {
  const state = { calls: 0, away: false, tokens: Number.NaN, atMs: 0 };
  return {
    state,
    run: async <T, F>(fn: (client: never) => Promise<T>, fallback: F): Promise<T | F> =>
      state.away ? fallback : fn(undefined as never),
    script: () => async (_client: unknown, _keys: readonly string[], args: readonly unknown[]) => {
      state.calls++;
      const [rate, burst, want, need] = args as [number, number, number, number];
      if (Number.isNaN(state.tokens)) Object.assign(state, { tokens: burst, atMs: clock.ms });
      state.tokens = Math.min(burst, state.tokens + ((clock.ms - state.atMs) * rate) / 1000);
      state.atMs = clock.ms;
      let granted = Math.min(want, Math.floor(state.tokens));
      if (granted < need) granted = 0;
      state.tokens -= granted;
      return [granted, Math.floor(state.tokens)];
    },
  };
}

function limiterAt() {
  const clock = { ms: 1_000, nowMs: () => clock.ms, monotonicMs: () => clock.ms };
  const redis = fakeRedis(clock);
  const make = () =>
    createRateLimiter({ redis: redis as never, clock, limits: { ordersPerSecond: 100, burstOrders: 200 } });
  return { clock, redis: redis.state, make };
}

test('one call of Redis leases many orders', async () => {
  const { redis, make } = limiterAt();
  const limiter = make();
  for (let i = 0; i < 100; i++) expect((await limiter.take('c1', 1)).allowed).toBe(true);
  expect(redis.calls).toBe(10);
});

test('all instances together stay within the burst, and the rate after it', async () => {
  const { clock, make } = limiterAt();
  const limiters = [make(), make(), make()];
  let allowed = 0;
  for (let i = 0; i < 600; i++) if ((await limiters[i % 3]!.take('c1', 1)).allowed) allowed++;
  expect(allowed).toBe(200);
  for (let ms = 0; ms < 1_000; ms += 10) {
    clock.ms += 10;
    for (const limiter of limiters) if ((await limiter.take('c1', 1)).allowed) allowed++;
  }
  expect(allowed).toBeGreaterThan(280);
  expect(allowed).toBeLessThanOrEqual(300);
});

test('a refusal contains the time to wait, and costs no call of Redis until then', async () => {
  const { redis, make, clock } = limiterAt();
  const limiter = make();
  expect((await limiter.take('c1', 200)).allowed).toBe(true);
  const refused = await limiter.take('c1', 50);
  expect(refused).toMatchObject({ allowed: false, waitMs: 500 });
  const { calls } = redis;
  expect((await limiter.take('c1', 50)).allowed).toBe(false);
  expect(redis.calls).toBe(calls);
  clock.ms += 501;
  expect((await limiter.take('c1', 50)).allowed).toBe(true);
});

test('a caller over the rate is refused without a lease and without a call', async () => {
  const { redis, make, clock } = limiterAt();
  const limiter = make();
  expect(limiter.denial('c1')).toBeNull();
  await limiter.take('c1', 200);
  expect(limiter.denial('c1')).toBeNull();
  await limiter.take('c1', 50);
  const { calls } = redis;
  expect(limiter.denial('c1')).toMatchObject({ allowed: false, waitMs: 500 });
  expect(limiter.denial('c2')).toBeNull();
  clock.ms += 500;
  expect(limiter.denial('c1')).toBeNull();
  expect(redis.calls).toBe(calls);
});

test('parallel orders share one lease', async () => {
  const { redis, make } = limiterAt();
  const limiter = make();
  const decisions = await Promise.all(Array.from({ length: 10 }, () => limiter.take('c1', 1)));
  expect(decisions.every(({ allowed }) => allowed)).toBe(true);
  expect(redis.calls).toBe(1);
});

test('without Redis the instance keeps the whole bucket itself', async () => {
  const { redis, make, clock } = limiterAt();
  redis.away = true;
  const limiter = make();
  let allowed = 0;
  for (let i = 0; i < 300; i++) if ((await limiter.take('c1', 1)).allowed) allowed++;
  expect(allowed).toBe(200);
  clock.ms += 100;
  expect(limiter.denial('c1')).toBeNull();
  expect((await limiter.take('c1', 10)).allowed).toBe(true);
  expect((await limiter.take('c1', 1)).allowed).toBe(false);
  expect(limiter.denial('c1')).toMatchObject({ allowed: false, waitMs: 10 });
});

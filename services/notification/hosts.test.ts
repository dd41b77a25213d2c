import { expect, it } from 'vitest';
import type { AttemptResult } from './attempt.ts';
import { createHosts } from './hosts.ts';

const ok: AttemptResult = { kind: 'delivered', status: 200 };
const down: AttemptResult = {
  kind: 'failed',
  status: 500,
  error: 'x',
  retryAfterMs: null,
  hostTrouble: true,
};
const wrong: AttemptResult = { ...down, status: 400, hostTrouble: false };
const limits = { concurrencyMax: 2, waitingMax: 3, failuresInRow: 3, openMs: 30 };
const a = { host: 'a', customerId: 'c1' };
const b = { host: 'b', customerId: 'c1' };
const inTime = () => false;
const clock = { nowMs: Date.now, monotonicMs: () => performance.now() };

it('lets so many posts through at once, per host', async () => {
  const hosts = createHosts(limits, clock);
  const held = Promise.withResolvers<AttemptResult>();
  const runs = [hosts.run(a, () => held.promise, inTime), hosts.run(a, () => held.promise, inTime)];
  let begun = 0;
  const waiting = Array.from({ length: 3 }, () =>
    hosts.run(
      a,
      async () => {
        begun += 1;
        return ok;
      },
      inTime,
    ),
  );
  expect(hosts.room(a)).toBe(0);
  expect(hosts.room(b)).toBe(5);
  await Promise.resolve();
  expect(begun).toBe(0);
  held.resolve(ok);
  await Promise.all([...runs, ...waiting]);
  expect(begun).toBe(3);
  expect(hosts.room(a)).toBe(5);
});

it('makes no try whose turn comes too late, or whose host is being left alone by then', async () => {
  const hosts = createHosts(limits, clock);
  let tries = 0;
  const attempt = async () => {
    tries += 1;
    return down;
  };
  expect(await hosts.run(a, attempt, () => true)).toEqual({ kind: 'postponed', delayMs: 0 });
  expect(tries).toBe(0);
  const results = await Promise.all(Array.from({ length: 5 }, () => hosts.run(a, attempt, inTime)));
  expect(tries).toBeLessThan(5);
  expect(results.at(-1)).toEqual({ kind: 'postponed', delayMs: 30 });
});

it('leaves a host alone after failures in a row, then lets one post try', async () => {
  const hosts = createHosts(limits, clock);
  for (let i = 0; i < 3; i++) expect(await hosts.run(a, async () => down, inTime)).toEqual(down);
  expect(hosts.room(a)).toBe(0);
  expect(hosts.openBreakers()).toBe(1);
  await expect.poll(() => hosts.room(a), { interval: 5 }).toBe(1);
  const probe = Promise.withResolvers<AttemptResult>();
  const run = hosts.run(a, () => probe.promise, inTime);
  expect(hosts.room(a)).toBe(0);
  probe.resolve(ok);
  await run;
  expect(hosts.room(a)).toBe(5);
});

it('does not hold a refused message against its host', async () => {
  const hosts = createHosts(limits, clock);
  for (let i = 0; i < 10; i++) await hosts.run(a, async () => wrong, inTime);
  expect(hosts.room(a)).toBe(5);
});

it('leaves a host alone for the customer whose posts fail there, and for nobody else', async () => {
  const hosts = createHosts(limits, clock);
  const neighbour = { host: 'a', customerId: 'c2' };
  for (let i = 0; i < 3; i++) await hosts.run(a, async () => down, inTime);
  expect(hosts.room(a)).toBe(0);
  expect(hosts.room(neighbour)).toBe(5);
  const busy = Promise.withResolvers<AttemptResult>();
  const run = hosts.run(neighbour, () => busy.promise, inTime);
  // The neighbour's posts do not keep the one from coming that tries again.
  await expect.poll(() => hosts.room(a), { interval: 5 }).toBe(1);
  busy.resolve(ok);
  await run;
});

import { describe, expect, it } from 'vitest';
import type { AttemptResult } from '../delivery/attempt.ts';
import { createHosts, type Target } from './hosts.ts';

const ok: AttemptResult = { kind: 'delivered', status: 200 };
const down: AttemptResult = {
  kind: 'failed',
  status: 500,
  error: 'x',
  retryAfterMs: null,
  hostTrouble: true,
};
const wrong: AttemptResult = { ...down, status: 400, hostTrouble: false };
const limits = { concurrencyMax: 2, waitingMax: 3, failuresInRow: 3, openMs: 30, mailsMax: 8 };
const a: Target = { channel: 'webhook', host: 'a', customerId: 'c1' };
const b: Target = { ...a, host: 'b' };
const inTime = () => false;
const clock = { nowMs: Date.now, monotonicMs: () => performance.now() };

it('allows a number of concurrent posts of a customer, per host', async () => {
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

it('makes no attempt if its turn comes too late, or if its host was paused meanwhile', async () => {
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

it('pauses a host after failures in a row, then lets one post try', async () => {
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

it('does not count a refused message against its host', async () => {
  const hosts = createHosts(limits, clock);
  for (let i = 0; i < 10; i++) await hosts.run(a, async () => wrong, inTime);
  expect(hosts.room(a)).toBe(5);
});

it('pauses a host only for the customer whose posts fail there', async () => {
  const hosts = createHosts(limits, clock);
  const neighbour = { ...a, customerId: 'c2' };
  for (let i = 0; i < 3; i++) await hosts.run(a, async () => down, inTime);
  expect(hosts.room(a)).toBe(0);
  expect(hosts.room(neighbour)).toBe(5);
  const busy = Promise.withResolvers<AttemptResult>();
  const run = hosts.run(neighbour, () => busy.promise, inTime);
  // Another customer's posts do not delay the trial.
  await expect.poll(() => hosts.room(a), { interval: 5 }).toBe(1);
  busy.resolve(ok);
  await run;
});

it('separates the slots of two customers at one host', async () => {
  const hosts = createHosts(limits, clock);
  const slow = Promise.withResolvers<AttemptResult>();
  const greedy = Array.from({ length: 5 }, () => hosts.run(a, () => slow.promise, inTime));
  const neighbour = { ...a, customerId: 'c2' };
  expect(hosts.room(a)).toBe(0);
  expect(hosts.room(neighbour)).toBe(5);
  expect(await hosts.run(neighbour, async () => ok, inTime)).toEqual(ok);
  slow.resolve(ok);
  await Promise.all(greedy);
});

describe('mails', () => {
  const mailOf = (customerId: string): Target => ({ channel: 'email', host: 'smtp', customerId });

  it('leave connections free for others while recipients of one customer are slow', async () => {
    const hosts = createHosts(limits, clock);
    const slow = Promise.withResolvers<AttemptResult>();
    const greedy = Array.from({ length: 20 }, () => hosts.run(mailOf('c1'), () => slow.promise, inTime));
    expect(await hosts.run(mailOf('c2'), async () => ok, inTime)).toEqual(ok);
    // Two mails have a slot and two wait. Further mails go back to the table, each for a longer time.
    const back = await Promise.all(greedy.slice(4));
    const delays = back.map((result) => (result.kind === 'postponed' ? result.delayMs : 0));
    expect(delays).toEqual(delays.toSorted((one, other) => one - other));
    expect(delays[0]).toBeGreaterThan(0);
    slow.resolve(ok);
    expect(await Promise.all(greedy.slice(0, 4))).toEqual(Array(4).fill(ok));
  });

  it('of a customer with deferred recipients delay no mail of another customer', async () => {
    const hosts = createHosts(limits, clock);
    for (let i = 0; i < 10; i++) await hosts.run(mailOf('c1'), async () => down, inTime);
    expect(await hosts.run(mailOf('c1'), async () => ok, inTime)).toMatchObject({ kind: 'postponed' });
    expect(await hosts.run(mailOf('c2'), async () => ok, inTime)).toEqual(ok);
  });

  it('in this process are bounded for all customers together', async () => {
    const hosts = createHosts(limits, clock);
    const slow = Promise.withResolvers<AttemptResult>();
    const all = Array.from({ length: 200 }, (_, n) => hosts.run(mailOf(`c${n}`), () => slow.promise, inTime));
    expect(hosts.room(mailOf('any'))).toBe(0);
    slow.resolve(ok);
    await Promise.all(all);
    expect(hosts.room(mailOf('any'))).toBe(80);
  });
});

it('evicts failed hosts when there are very many, in constant time for each', async () => {
  const hosts = createHosts({ ...limits, failuresInRow: 1, openMs: 60_000 }, clock);
  const fail = async (from: number, count: number): Promise<number> => {
    const startedMs = process.cpuUsage().user;
    for (let n = from; n < from + count; n++)
      await hosts.run({ ...a, host: `h${n}` }, async () => down, inTime);
    return process.cpuUsage().user - startedMs;
  };
  await fail(0, 10_000);
  expect(hosts.openBreakers()).toBe(10_000);
  const whileFull = await fail(10_000, 10_000);
  const later = await fail(20_000, 30_000);
  expect(hosts.openBreakers()).toBe(10_000);
  expect(hosts.room({ ...a, host: 'h49999' })).toBe(0);
  expect(later / 3).toBeLessThan(5 * whileFull + 50_000);
});

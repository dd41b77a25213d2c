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
const limits = { concurrencyMax: 2, failuresInRow: 3, openMs: 30 };
const clock = { nowMs: Date.now, monotonicMs: () => performance.now() };

it('lets so many posts through at once, per host', async () => {
  const hosts = createHosts(limits, clock);
  const held = Promise.withResolvers<AttemptResult>();
  const runs = [hosts.run('a', () => held.promise), hosts.run('a', () => held.promise)];
  expect(hosts.room('a')).toBe(0);
  expect(hosts.room('b')).toBe(2);
  held.resolve(ok);
  await Promise.all(runs);
  expect(hosts.room('a')).toBe(2);
});

it('leaves a host alone after failures in a row, then lets one post try', async () => {
  const hosts = createHosts(limits, clock);
  for (let i = 0; i < 3; i++) expect(await hosts.run('a', async () => down)).toEqual(down);
  expect(hosts.room('a')).toBe(0);
  expect(hosts.openBreakers()).toBe(1);
  await expect.poll(() => hosts.room('a'), { interval: 5 }).toBe(1);
  const probe = Promise.withResolvers<AttemptResult>();
  const run = hosts.run('a', () => probe.promise);
  expect(hosts.room('a')).toBe(0);
  probe.resolve(ok);
  await run;
  expect(hosts.room('a')).toBe(2);
});

it('does not hold a refused message against its host', async () => {
  const hosts = createHosts(limits, clock);
  for (let i = 0; i < 10; i++) await hosts.run('a', async () => wrong);
  expect(hosts.room('a')).toBe(2);
});

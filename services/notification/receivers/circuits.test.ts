import { expect, it } from 'vitest';
import { createCircuits, type Judgement } from './circuits.ts';

let nowMs = 0;
const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
const open = () => createCircuits({ failuresInRow: 3, openMs: 1_000, keptMax: 5 }, clock);
const as = (judgement: Judgement) => () => judgement;
const attempt = async () => 'tried';

it('opens after failures in a row, allows one trial after its time, and closes with the first success', async () => {
  const circuits = open();
  for (let i = 0; i < 3; i++) expect(await circuits.run('a', attempt, as('trouble'))).toBe('tried');
  expect(await circuits.run('a', attempt, as('well'))).toBeNull();
  expect(circuits.open()).toBe(1);
  nowMs += 1_000;
  const hanging = Promise.withResolvers<string>();
  const trial = circuits.run('a', () => hanging.promise, as('well'));
  expect(circuits.stateOf('a')).toBe('open');
  hanging.resolve('tried');
  await trial;
  expect([circuits.stateOf('a'), circuits.open(), circuits.size()]).toEqual(['closed', 0, 0]);
});

it('opens again if a trial fails, and allows a trial after each pause: it never stays open', async () => {
  const circuits = open();
  for (let i = 0; i < 3; i++) await circuits.run('a', attempt, as('trouble'));
  for (let round = 0; round < 5; round++) {
    nowMs += 1_000;
    expect(circuits.stateOf('a')).toBe('trial');
    expect(await circuits.run('a', attempt, as('trouble'))).toBe('tried');
    expect(circuits.stateOf('a')).toBe('open');
  }
  expect(circuits.open()).toBe(1);
});

it('does not stay open because of a trial without a result', async () => {
  const circuits = open();
  for (let i = 0; i < 3; i++) await circuits.run('a', attempt, as('trouble'));
  nowMs += 1_000;
  await circuits.run('a', attempt, as('unknown'));
  expect(circuits.stateOf('a')).toBe('trial');
  await expect(circuits.run('a', () => Promise.reject(new Error('x')), as('well'))).rejects.toThrow('x');
  expect(circuits.stateOf('a')).toBe('trial');
});

it('counts failures in a row only', async () => {
  const circuits = open();
  for (let i = 0; i < 10; i++) await circuits.run('a', attempt, as(i % 3 === 2 ? 'well' : 'trouble'));
  expect(circuits.stateOf('a')).toBe('closed');
});

it('keeps a bounded number of keys and evicts the one with the oldest trouble', async () => {
  const circuits = open();
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
    for (let i = 0; i < 3; i++) await circuits.run(key, attempt, as('trouble'));
  }
  expect([circuits.size(), circuits.open()]).toEqual([5, 5]);
  expect([circuits.stateOf('a'), circuits.stateOf('b'), circuits.stateOf('c')]).toEqual([
    'closed',
    'closed',
    'open',
  ]);
});

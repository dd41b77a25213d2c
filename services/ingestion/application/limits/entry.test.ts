import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createEntry } from './entry.ts';

function entryOf(perTurn: number, waitingPerCallerMax = 1_000) {
  const entry = createEntry({ perTurn, waitingPerCallerMax });
  const order: string[] = [];
  const come = (callerId: string, times = 1): boolean[] =>
    Array.from({ length: times }, () => entry.come(callerId, () => order.push(callerId)));
  return { entry, order, come };
}

test('admits a few requests of one caller per turn, so that another caller waits only for those', async () => {
  const { entry, order, come } = entryOf(4);
  come('greedy', 100);
  come('modest');
  expect(order).toEqual([...Array<string>(4).fill('greedy'), 'modest']);
  await nextTurn();
  come('modest');
  expect(order.filter((caller) => caller === 'greedy')).toHaveLength(8);
  expect(order.at(-1)).toBe('modest');
  for (let turn = 0; turn < 30; turn++) await nextTurn();
  expect(order.filter((caller) => caller === 'greedy')).toHaveLength(100);
  expect(entry.waiting()).toBe(0);
});

test('requests of one caller start in order, also if they arrive while others wait', async () => {
  const entry = createEntry({ perTurn: 2, waitingPerCallerMax: 100 });
  const order: number[] = [];
  for (let i = 0; i < 5; i++) entry.come('a', () => order.push(i));
  await nextTurn();
  entry.come('a', () => order.push(5));
  for (let turn = 0; turn < 5; turn++) await nextTurn();
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
});

test('refuses requests beyond the bound of one caller, and still admits other callers', () => {
  const { come } = entryOf(1, 3);
  expect(come('greedy', 6)).toEqual([true, true, true, true, false, false]);
  expect(come('modest')).toEqual([true]);
});

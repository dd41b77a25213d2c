import { expect, it } from 'vitest';
import { createBudget } from './budget.ts';

it('allows the rate over time, whatever is wanted at once', () => {
  let nowMs = 0;
  const budget = createBudget(() => nowMs);
  let allowed = 0;
  for (; nowMs <= 10_000; nowMs += 20) allowed += budget.take(1_000, 3_000);
  expect(allowed).toBe(30_000);
});

it('saves at most a quarter of a second', () => {
  let nowMs = 0;
  const budget = createBudget(() => nowMs);
  nowMs = 60_000;
  expect(budget.take(1_000_000, 3_000)).toBe(750);
  expect(budget.take(1, 3_000)).toBe(0);
});

it('a rate of one in twelve seconds still allows one', () => {
  let nowMs = 0;
  const budget = createBudget(() => nowMs);
  let allowed = 0;
  for (; nowMs < 60_000; nowMs += 100) allowed += budget.take(5, 1 / 12);
  expect(allowed).toBe(4);
});

import { expect, it } from 'vitest';
import type { Difference, FindingKind } from './finding-kinds.ts';
import { createTally } from './tally.ts';

const differs = (kind: FindingKind, subject: string): Difference => ({
  kind,
  subject,
  expected: '1',
  actual: '2',
});

it('counts all differences, but keeps only a limited number of each kind', () => {
  const tally = createTally([], 3);
  for (let n = 0; n < 9_000; n++) tally.add(differs('ORDER_DIFFERS', `o${n}`));
  tally.add(differs('STOCK_DIFFERS', 'P1'));
  expect(tally.found('ORDER_DIFFERS')).toBe(9_000);
  expect(tally.kept().map(({ subject }) => subject)).toEqual(['o0', 'o1', 'o2', 'P1']);
});

it('always keeps open findings, so that a limit closes none', () => {
  const open = [differs('ORDER_DIFFERS', 'o8'), differs('ORDER_DIFFERS', 'o9')];
  const tally = createTally(open, 3);
  for (let n = 0; n < 10; n++) tally.add(differs('ORDER_DIFFERS', `o${n}`));
  expect(tally.kept().map(({ subject }) => subject)).toEqual(['o0', 'o8', 'o9']);
  expect(tally.keptOf('ORDER_DIFFERS')).toBe(3);
});

it('counts a duplicate difference once', () => {
  const tally = createTally([], 3);
  tally.add(differs('ORDER_DIFFERS', 'o1'));
  tally.add(differs('ORDER_DIFFERS', 'o1'));
  expect(tally.found('ORDER_DIFFERS')).toBe(1);
});

it('shortens a foreign subject to the column width, and different subjects stay different', () => {
  const tally = createTally([], 3);
  tally.add(differs('DELIVERY_MISSING', `${'é'.repeat(500)}1`));
  tally.add(differs('DELIVERY_MISSING', `${'é'.repeat(500)}2`));
  const subjects = tally.kept().map(({ subject }) => subject);
  expect(new Set(subjects).size).toBe(2);
  for (const subject of subjects) expect(subject).toMatch(/^[ -~]{1,160}$/);
});

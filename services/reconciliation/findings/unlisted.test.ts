import { expect, it } from 'vitest';
import type { Difference, FindingKind } from './finding-kinds.ts';
import { createTally } from './tally.ts';
import { unlistedOf } from './unlisted.ts';

const perKindMax = 2;
const full = { listed: 2, perKindMax, isPartial: false };

function tallyOf(kind: FindingKind, count: number) {
  const tally = createTally([], perKindMax);
  for (let n = 0; n < count; n++)
    tally.add({ kind, subject: String(n), expected: '', actual: '' } as Difference);
  return tally;
}

it('reports the number of differences without room, and closes when all are listed', () => {
  const { finding, count } = unlistedOf('ORDER_STUCK', tallyOf('ORDER_STUCK', 7), full, undefined);
  expect(count).toBe(5);
  expect(finding).toMatchObject({
    kind: 'FINDINGS_UNLISTED',
    subject: 'ORDER_STUCK',
    actual: '{"unlisted":5}',
  });
  expect(unlistedOf('ORDER_STUCK', tallyOf('ORDER_STUCK', 2), full, finding!)).toEqual({
    finding: null,
    count: 0,
  });
});

it('reports nothing while the kept differences may be in flight', () => {
  const limits = { ...full, listed: 0 };
  expect(unlistedOf('ORDER_DIFFERS', tallyOf('ORDER_DIFFERS', 7), limits, undefined).finding).toBeNull();
});

it('does not close after a round that could not check everything', () => {
  const { finding } = unlistedOf('CACHE_DIFFERS', tallyOf('CACHE_DIFFERS', 7), full, undefined);
  const partial = { ...full, isPartial: true };
  expect(unlistedOf('CACHE_DIFFERS', tallyOf('CACHE_DIFFERS', 0), partial, finding!).count).toBe(5);
});

it('adds up differences that later rounds do not see', () => {
  const first = unlistedOf('OUTCOME_CHANGED', tallyOf('OUTCOME_CHANGED', 5), full, undefined);
  const second = unlistedOf('OUTCOME_CHANGED', tallyOf('OUTCOME_CHANGED', 4), full, first.finding!);
  expect(second.count).toBe(5);
  expect(unlistedOf('OUTCOME_CHANGED', tallyOf('OUTCOME_CHANGED', 0), full, second.finding!).count).toBe(5);
});

it('ignores a text that this version did not write', () => {
  const foreign = {
    kind: 'FINDINGS_UNLISTED',
    subject: 'OUTCOME_CHANGED',
    expected: '',
    actual: 'many',
  } as const;
  expect(unlistedOf('OUTCOME_CHANGED', tallyOf('OUTCOME_CHANGED', 3), full, foreign).count).toBe(1);
});

import { expect, it } from 'vitest';
import type { Difference } from '../findings/finding-kinds.ts';
import { createSuspects } from './unconfirmed-differences.ts';

const seen = (actual: string, offset = 5): Difference => ({
  kind: 'ORDER_DIFFERS',
  subject: 'o1',
  expected: 'v1',
  actual,
  until: { partition: 0, offset },
});

it('waits until the outcomes after a difference have been followed', () => {
  let followed = 4;
  const suspects = createSuspects(() => followed);
  expect(suspects.confirm('orders', [seen('v2')])).toEqual([]);
  expect(suspects.confirm('orders', [seen('v2', 9)])).toEqual([]);
  followed = 5;
  // The barrier of the first round counts. A busy partition would never reach the barrier of the last round.
  expect(suspects.confirm('orders', [seen('v2', 9)])).toHaveLength(1);
});

it('starts again if the difference changed, and drops a difference that disappeared', () => {
  const suspects = createSuspects(() => 100);
  suspects.confirm('orders', [seen('v2')]);
  expect(suspects.confirm('orders', [seen('v3')])).toEqual([]);
  expect(suspects.confirm('orders', [])).toEqual([]);
  expect(suspects.size()).toBe(0);
  expect(suspects.confirm('orders', [seen('v3')])).toEqual([]);
});

it('returns differences that cannot be in flight at once', () => {
  const certain: Difference = { kind: 'STOCK_DIFFERS', subject: 'S-1', expected: '1', actual: '2' };
  expect(createSuspects(() => 0).confirm('stock', [certain])).toEqual([certain]);
});

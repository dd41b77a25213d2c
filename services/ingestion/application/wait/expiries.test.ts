import { expect, test } from 'vitest';
import { createExpiries } from './expiries.ts';

test('an entry expires once, in its second, also if the clock jumps', () => {
  const expiries = createExpiries<string>(10_000);
  expiries.add('early', 11_500);
  expiries.add('late', 20_000);
  expiries.add('gone', 11_500);
  expiries.add('past', 3_000);
  expiries.delete('gone', 11_500);
  expect(expiries.take(11_000)).toEqual(['past']);
  expect(expiries.take(9_000)).toEqual([]);
  expect(expiries.take(12_000)).toEqual(['early']);
  expect(expiries.take(9e15)).toEqual(['late']);
  expect(expiries.take(9e15)).toEqual([]);
});

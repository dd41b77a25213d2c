import { expect, test } from 'vitest';
import type { Reason } from '../../schemas/generated/types.ts';
import { reasonTable } from './reason-table.ts';
import * as reasons from './reasons.ts';

/** Each reason that a decision can give. The values of the arguments do not matter here. */
const made = Object.values(reasons).map((make) => (make as (...args: unknown[]) => Reason)(0, 'a', 1, 2));

test('every reason that a decision can give has a row, and every row has such a reason', () => {
  expect(Object.keys(reasonTable).toSorted()).toEqual(made.map(({ code }) => code).toSorted());
});

test.each(made)('the row of $code has the members of its `seen`', ({ code, seen }) => {
  const members = seen === null ? [] : Object.keys(JSON.parse(seen) as object);
  // A member that is undefined for these arguments is missing from the JSON, so the row may list more.
  expect(members.filter((member) => !reasonTable[code]?.seen.includes(member))).toEqual([]);
  expect(seen === null).toBe(reasonTable[code]?.seen.length === 0);
});

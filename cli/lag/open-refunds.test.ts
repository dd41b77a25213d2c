import { expect, it } from 'vitest';
import { type OpenRefunds, openRefundsText } from './open-refunds.ts';

const NOW_MS = 1_000_000;
const some: OpenRefunds = {
  open: 3,
  oldestMs: NOW_MS - 75_000,
  byState: { OPEN: 2, PENDING: 1 },
  nextAtMs: NOW_MS + 12_000,
  triesMax: 4,
};
const head = 'refunds: 3 open (2 OPEN, 1 PENDING), the oldest for 75 s, at most 4 calls each';

it.each<[string, Partial<OpenRefunds>, string]>([
  ['none', { open: 0 }, 'refunds: none is open'],
  ['a step that is due later', {}, `${head}; the next step is due in 12 s`],
  ['a step that is due', { nextAtMs: NOW_MS - 4_999 }, `${head}; the next step is due now`],
  [
    'a step that no service takes',
    { nextAtMs: NOW_MS - 40_000 },
    `${head}; the next step has been due for 40 s: look at services/payments`,
  ],
  [
    'a refund that the service does not know',
    { open: 1, byState: { NEW: 1 }, nextAtMs: null, triesMax: 0 },
    'refunds: 1 open (1 NEW), the oldest for 75 s, at most 0 calls each; services/payments has seen none of them yet',
  ],
])('shows %s', (_what, given, expected) => {
  expect(openRefundsText({ ...some, ...given }, NOW_MS)).toBe(expected);
});

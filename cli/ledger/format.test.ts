import { expect, test } from 'vitest';
import { ledgerText } from './format.ts';
import type { LedgerSums } from './read-ledger.ts';

const range = { fromMs: 0, toMs: 86_400_000 };
const sums = (placed: bigint, kept = 0n): LedgerSums => ({
  ...{ placed, paid: 0n, refunded: 0n, kept, outstanding: 0n, refunding: 0n },
});

test('shows amounts in the form of their currency; huge sums and unknown currencies as minor units', () => {
  const ledger = new Map([
    ['EUR', sums(123_450n, -5n)],
    ['JPY', sums(500n)],
    ['QQQ', sums(7n)],
    ['USD', sums(9_007_199_254_740_993n)],
  ]);
  const lines = ledgerText(range, ledger).replaceAll('\u00a0', ' ').split('\n');
  expect(lines.map((line) => line.split(/ {2,}/).slice(0, 5))).toEqual([
    ['from 1970-01-01T00:00:00.000Z to before 1970-01-02T00:00:00.000Z, UTC'],
    ['currency', 'placed', 'paid', 'refunded', 'kept'],
    ['EUR', 'EUR 1,234.50', 'EUR 0.00', 'EUR 0.00', 'EUR -0.05'],
    ['JPY', 'JPY 500', 'JPY 0', 'JPY 0', 'JPY 0'],
    ['QQQ', '7 minor units', '0 minor units', '0 minor units', '0 minor units'],
    ['USD', '9007199254740993 minor units', 'USD 0.00', 'USD 0.00', 'USD 0.00'],
  ]);
});

test('says that there is no money', () => {
  expect(ledgerText(range, new Map())).toMatch(/UTC\nno money$/);
});

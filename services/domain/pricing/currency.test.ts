import fc from 'fast-check';
import { expect, it } from 'vitest';
import { amountText, currencies, minorUnitDigits } from './currency.ts';

it.each([
  [123_400, 'HUF', 'HUF 1,234.00'],
  [123_400, 'IDR', 'IDR 1,234.00'],
  [1_234_000, 'IQD', 'IQD 1,234.000'],
  [123_400, 'COP', 'COP 1,234.00'],
  [123_400, 'PKR', 'PKR 1,234.00'],
  [1_234, 'JPY', 'JPY 1,234'],
  [1_234, 'KWD', 'KWD 1.234'],
  [1_234_567, 'EUR', 'EUR 12,345.67'],
  [5, 'EUR', 'EUR 0.05'],
  [0, 'KWD', 'KWD 0.000'],
  [12_345, 'CLF', 'CLF 1.2345'],
  [-150, 'USD', 'USD -1.50'],
  [Number.MAX_SAFE_INTEGER, 'EUR', 'EUR 90,071,992,547,409.91'],
])('%i minor units of %s are %s', (amount, currency, text) => {
  expect(amountText(amount, currency)).toBe(text.replace(' ', '\u00a0'));
});

it('returns null for a code that is no active currency', () => {
  for (const code of ['XTS', 'XXX', 'XAU', 'DEM', 'eur', '', 'constructor']) {
    expect([code, minorUnitDigits(code), amountText(100, code)]).toEqual([code, null, null]);
  }
});

it('contains every currency of ICU, except for ended currencies and codes without a minor unit', () => {
  const ended = ['ANG', 'CUC', 'HRK', 'SLL', 'ZWL'];
  const withoutMinorUnit = ['XDR', 'XSU'];
  const unknown = Intl.supportedValuesOf('currency').filter((code) => !currencies.has(code));
  expect(unknown).toEqual([...ended, ...withoutMinorUnit].sort());
});

it('shows exactly the digits of the amount, in every currency', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      fc.constantFrom(...currencies),
      (amount, currency) => {
        const text = amountText(amount, currency)!.slice(4);
        expect(Number(text.replaceAll(/[.,]/g, ''))).toBe(amount);
        expect(text.split('.')[1]?.length ?? 0).toBe(minorUnitDigits(currency));
      },
    ),
  );
});

import { describe, expect, test } from 'vitest';
import { CliError } from '../errors.ts';
import { parseFlags } from './flags.ts';
import { readShippingRates, readTaxRates } from './read-rates.ts';

function faultsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof CliError) return error.detailLines;
    throw error;
  }
  throw new Error('the input was accepted');
}

describe('a tax file', () => {
  const header = 'country,region,category,rate_ppm,inclusive\n';

  test('gives rates; * and an empty cell are wildcards', () => {
    expect(readTaxRates(`${header}DE,,standard,190000,yes\nUS,ca ,,72500,no\n*,*,*,0,no\n`)).toEqual([
      { country: 'DE', region: null, category: 'standard', ratePpm: 190_000, inclusive: true },
      { country: 'US', region: 'CA', category: null, ratePpm: 72_500, inclusive: false },
      { country: null, region: null, category: null, ratePpm: 0, inclusive: false },
    ]);
  });

  test('is refused with every fault', () => {
    const text = `${header}de,,Standard,19%,maybe\n,CA,,1000001,no\nUS,CA,,1,no\nUS, ca,*,2,yes\n`;
    expect(faultsOf(() => readTaxRates(text))).toEqual([
      'line 2: country must be an ISO 3166-1 alpha-2 code such as DE, or *, found "de"; category must be 1 to 32 of a-z, 0-9, _ and -, found "Standard"; rate_ppm must be parts per million (190000 are 19 %), found "19%"; inclusive must be yes or no, found "maybe"',
      'line 3: region needs a country; rate_ppm must be parts per million (190000 are 19 %) from 0 to 1000000, found "1000001"',
      'line 5: inclusive must be the same for all rates of US; the rate of US CA * is already on line 4',
    ]);
  });
});

describe('a shipping file', () => {
  const header = 'country,currency,weight_up_to_grams,amount_minor,free_from_minor\n';

  test('gives rates; an empty weight is no bound', () => {
    expect(readShippingRates(`${header}DE,EUR,1000,490,5000\n*,EUR,,1500,\n`)).toEqual([
      { country: 'DE', currency: 'EUR', weightMaxGrams: 1_000, amount: 490, freeFrom: 5_000 },
      { country: null, currency: 'EUR', weightMaxGrams: null, amount: 1_500, freeFrom: null },
    ]);
  });

  test('is refused with every fault', () => {
    const text = `${header}DE,DEM,0,4.90,-1\nFR,EUR,,1,\nFR,EUR,,2,\n`;
    expect(faultsOf(() => readShippingRates(text))).toEqual([
      'line 2: currency must be an ISO 4217 code such as EUR, found "DEM"; weight_up_to_grams must be a whole number of grams from 1 to 1000000000000, found "0"; amount_minor must be a whole number of minor units, found "4.90"; free_from_minor must be a whole number of minor units, found "-1"',
      'line 4: the rate of FR EUR up to any grams is already on line 3',
    ]);
  });
});

describe('the switches', () => {
  test('are set by name and value', () => {
    expect([
      ...parseFlags(['coupons=unlimited', 'autoRefund=hold', 'paymentWindow=900s', 'unpaidUnits=50']),
    ]).toEqual([
      ['coupons', 'unlimited'],
      ['autoRefund', 'hold'],
      ['paymentWindow', '900s'],
      ['unpaidUnits', '50'],
    ]);
  });

  test.each(['0', '-1', '1.5', 'on', '1000000000', ''])('refuse %j as a number of units', (value) => {
    expect(faultsOf(() => parseFlags([`unpaidUnits=${value}`]))).toEqual([
      `unpaidUnits=${value}: unpaidUnits is off or the most units of a customer, from 1 to 999999999`,
    ]);
  });

  test('are refused with every fault', () => {
    expect(faultsOf(() => parseFlags(['coupons', 'x=1', 'quantityBreaks=off', 'quantityBreaks=on']))).toEqual(
      [
        'coupons: coupons is on or unlimited or off',
        'x=1: the switches are coupons, quantityBreaks, autoRefund, paymentWindow, unpaidUnits',
        'quantityBreaks=on: quantityBreaks is named twice',
      ],
    );
  });

  test.each(['0s', '01s', '15', '15m', '-1s', '1.5s', '2592001s', '99999999s', ''])(
    'refuse the payment window %j',
    (value) => {
      expect(faultsOf(() => parseFlags([`paymentWindow=${value}`]))).toEqual([
        `paymentWindow=${value}: paymentWindow is default or seconds such as 900s, from 1s to 30 days`,
      ]);
    },
  );
});

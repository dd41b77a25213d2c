import { describe, expect, test } from 'vitest';
import { CliError } from '../errors.ts';
import { startOfDayMs } from './local-day.ts';
import { readCoupons } from './read-coupons.ts';

const at = (text: string): number => Date.parse(text);

function faultsOf(text: string): string[] {
  try {
    readCoupons(text);
  } catch (error) {
    if (error instanceof CliError) return error.detailLines;
    throw error;
  }
  throw new Error('the file was accepted');
}

describe('a coupon file', () => {
  test('gives coupons of every kind', () => {
    const text = [
      'code,kind,percent_bp,amount_minor,currency,minimum_minor,valid_from,valid_through,time_zone,skus,total_limit,customer_limit',
      'TEN,percent,1000,,,,,,,,,',
      'FIVE,amount,,500,EUR,2000,2026-10-25,2026-10-25,Europe/Berlin,TEA-* MUG-1,100,1',
      'SHIP,free_shipping,,,,,2026-01-01,,,,,',
    ].join('\n');
    expect(readCoupons(text)).toEqual([
      {
        code: 'TEN',
        kind: 'PERCENT',
        value: 1_000,
        currency: null,
        minimum: 0,
        validFromMs: null,
        validUntilMs: null,
        scope: null,
        totalLimit: null,
        customerLimit: null,
      },
      {
        code: 'FIVE',
        kind: 'AMOUNT',
        value: 500,
        currency: 'EUR',
        minimum: 2_000,
        validFromMs: at('2026-10-24T22:00:00Z'),
        validUntilMs: at('2026-10-25T23:00:00Z'),
        scope: ['TEA-*', 'MUG-1'],
        totalLimit: 100,
        customerLimit: 1,
      },
      expect.objectContaining({ code: 'SHIP', value: 0, validFromMs: at('2026-01-01T00:00:00Z') }),
    ]);
  });

  test('may be JSON', () => {
    const text = '[{"code":"TEN","kind":"PERCENT","percent_bp":1000,"skus":["A","B*"],"total_limit":5}]';
    expect(readCoupons(text)).toMatchObject([
      { code: 'TEN', value: 1_000, scope: ['A', 'B*'], totalLimit: 5 },
    ]);
  });

  test('is refused with every fault', () => {
    const text = [
      'code,kind,percent_bp,amount_minor,currency,minimum_minor,valid_from,valid_through,time_zone,skus,total_limit',
      'A B,percent,10001,,,,,,,,',
      'B,percent,10,500,,,,,,,0',
      'C,amount,,5,,,,,,,',
      'D,percent,10,,,100,2026-02-30,25.10.2026,Berlin,ä,',
      'E,gift,,,,,2026-02-30,2026-13-01,UTC,,',
      'F,free_shipping,,,,,2026-03-02,2026-03-01,+01:00,,',
      'G,free_shipping,,,,,2026-03-02,2026-03-01,,,',
      'B,percent,1,,,,,,,,',
    ].join('\n');
    expect(faultsOf(text)).toEqual([
      'line 2: code must be 1 to 64 visible ASCII characters; percent_bp must be basis points (1000 are 10 %) from 1 to 10000, found "10001"',
      'line 3: amount_minor must be empty for percent; total_limit must be a whole number from 1 to 1000000000, found "0"',
      'line 4: currency is needed for an amount or a minimum',
      'line 5: currency is needed for an amount or a minimum; time_zone must be an IANA time zone such as Europe/Berlin, found "Berlin"; skus must be SKUs of 1 to 64 visible ASCII characters, found "ä"',
      'line 6: kind must be percent, amount or free_shipping, found "gift"; valid_from must be a day such as 2026-10-25, found "2026-02-30"; valid_through must be a day such as 2026-10-25, found "2026-13-01"',
      'line 7: time_zone must be an IANA time zone such as Europe/Berlin, found "+01:00"',
      'line 8: valid_through must not be before valid_from',
      'line 9: code B is already on line 3',
    ]);
  });
});

describe('a local day', () => {
  // mitxpro#991, easy-digital-downloads#7492: the day on which summer time ends has 25 hours.
  test.each([
    ['2026-10-25', 'Europe/Berlin', 0, '2026-10-24T22:00:00.000Z'],
    ['2026-10-25', 'Europe/Berlin', 1, '2026-10-25T23:00:00.000Z'],
    ['2026-03-29', 'Europe/Berlin', 1, '2026-03-29T22:00:00.000Z'],
    ['2026-02-28', 'UTC', 1, '2026-03-01T00:00:00.000Z'],
    ['2024-12-31', 'Pacific/Auckland', 1, '2024-12-31T11:00:00.000Z'],
    // Clocks were set from 00:00 to 01:00.
    ['2018-11-04', 'America/Sao_Paulo', 0, '2018-11-04T03:00:00.000Z'],
  ])('%s in %s, and %d days later, begins at %s', (day, zone, daysLater, instant) => {
    expect(new Date(startOfDayMs(day, zone, daysLater)!).toISOString()).toBe(instant);
  });
});

import { InvalidArgumentError } from 'commander';
import { describe, expect, test } from 'vitest';
import { lineUnits, reasonText, returnedUnits, shipmentNumber, shortName } from './options.ts';

describe('--line LINE:QUANTITY', () => {
  test('is added to the lines before', () => {
    const first = lineUnits('2:1');
    expect(lineUnits('1:10000', first)).toEqual([
      { line: 2, quantity: 1 },
      { line: 1, quantity: 10_000 },
    ]);
  });

  test.each(['', '1', '1:', ':1', '1:1:1', '1:-1', '1:1.5', 'a:1', '1: 1', '0:1', '101:1', '1:0', '1:10001'])(
    'refuses %j',
    (text) => {
      expect(() => lineUnits(text)).toThrow(InvalidArgumentError);
    },
  );

  test('refuses a line that is named twice', () => {
    expect(() => lineUnits('1:1', lineUnits('1:2'))).toThrow('line 1 is named twice.');
  });
});

describe('--line LINE:QUANTITY:RESTOCK', () => {
  test.each([
    ['1:3', 3],
    ['1:3:3', 3],
    ['1:3:1', 1],
    ['1:3:0', 0],
  ])('%s restocks %i units', (text, restock) => {
    expect(returnedUnits(text)).toEqual([{ line: 1, quantity: 3, restock }]);
  });

  test.each(['1:3:4', '1:3:', '1:3:-1', '1:3:1:1', '1', '0:1:1', '1:0:0'])('refuses %j', (text) => {
    expect(() => returnedUnits(text)).toThrow(InvalidArgumentError);
  });

  test('refuses a line that is named twice', () => {
    expect(() => returnedUnits('1:1:0', returnedUnits('1:2'))).toThrow('line 1 is named twice.');
  });
});

test('a carrier and a tracking number have 1 to 128 characters in one line', () => {
  expect(shortName('x'.repeat(128))).toHaveLength(128);
  for (const text of ['', 'x'.repeat(129), 'a\nb', 'a\u0000b'])
    expect(() => shortName(text)).toThrow('expected one line of 1 to 128 characters.');
});

test('a reason has 1 to 200 characters in one line', () => {
  expect(reasonText('broken – sorry')).toBe('broken – sorry');
  for (const text of ['', 'x'.repeat(201), 'a\nb'])
    expect(() => reasonText(text)).toThrow('expected one line of 1 to 200 characters.');
});

test('a shipment has a number from 1 to 100', () => {
  expect(shipmentNumber('100')).toBe(100);
  for (const text of ['0', '101', '-1', 'x'])
    expect(() => shipmentNumber(text)).toThrow(InvalidArgumentError);
});

import { describe, expect, test } from 'vitest';
import { CliError } from '../errors.ts';
import { readCatalogue } from './read-catalogue.ts';

const HEADER = 'sku,name,unit_price_minor,currency,stock';

function problemsOf(text: string): CliError {
  try {
    readCatalogue(text);
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error('the file was accepted');
}

describe('a catalogue file', () => {
  test('is read with any order of columns, quoting, byte order mark and line ends', () => {
    const rows = readCatalogue(
      '\ufeffstock,sku,currency,name,unit_price_minor\r\n7,A-1,EUR,"Tea, green",450\r\n',
    );
    expect(rows).toEqual([
      { sku: 'A-1', name: 'Tea, green', unitPriceMinor: 450, currency: 'EUR', stock: 7 },
    ]);
  });

  test.each([
    ['LF first', `${HEADER}\nA-1,Tea,450,EUR,7\r\nA-2,Coffee,500,EUR,1\n`],
    ['CRLF first', `${HEADER}\r\nA-1,Tea,450,EUR,7\nA-2,Coffee,500,EUR,1\r\n`],
  ])('may have both kinds of line ends, %s', (_which, text) => {
    expect(readCatalogue(text).map(({ sku, stock }) => [sku, stock])).toEqual([
      ['A-1', 7],
      ['A-2', 1],
    ]);
  });

  test('is refused as a whole, with a list of all invalid lines', () => {
    const error = problemsOf(
      [
        HEADER,
        'A-1,Tea,4.50,EUR,7',
        'A-2,Coffee,500,EUR,1',
        'A-3,,500,EURO,-1',
        'A-2,Again,1,EUR,1',
        'A-4,Short',
      ].join('\n'),
    );
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain('4 bad lines');
    expect(error.detailLines).toEqual([
      'line 2: unit_price_minor must be a whole number of minor units, found "4.50"',
      'line 4: name must have 1 to 200 characters; currency must be an ISO 4217 code such as EUR, found "EURO"; stock must be a whole number, found "-1"',
      'line 5: sku A-2 is already on line 3',
      'line 6: 2 columns where the header has 5',
    ]);
  });

  test.each([
    ['', 'is empty'],
    [`${HEADER}\n`, 'no products'],
    ['sku,name,price,currency,stock\nA,B,1,EUR,1\n', 'must name the columns'],
    ['sku,sku,name,unit_price_minor,currency,stock\nA,A,B,1,EUR,1\n', 'must name the columns'],
    [`${HEADER}\n"A,B,1,EUR,1\n`, 'not valid CSV'],
  ])('is refused in one sentence if it is invalid: %j', (text, words) => {
    expect(problemsOf(text).message).toContain(words);
  });

  test.each(['99999999999999999999', '1e3', '0x10', ' ', '٣', '-0'])('refuses %j as an amount', (amount) => {
    expect(problemsOf(`${HEADER}\nA,B,${amount},EUR,1`).detailLines).toHaveLength(1);
  });

  test.each(['Tea\nTotal: EUR 0.01', 'Tea\u2028two', 'Tea\u001b[2J', 'Te\u0085a'])(
    'refuses the name %j',
    (name) => {
      expect(problemsOf(`${HEADER}\nA,"${name}",1,EUR,1`).detailLines).toEqual([
        expect.stringMatching(/^line [23]: name must be one line without control characters, found "Te/),
      ]);
    },
  );

  test.each(['DEM', 'XTS', 'XAU'])(
    'refuses %s, because it is no active currency or has no minor unit',
    (currency) => {
      expect(problemsOf(`${HEADER}\nA,B,1,${currency},1`).detailLines[0]).toContain('currency must be');
    },
  );
});

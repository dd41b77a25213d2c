/** The time to read hostile input files is linear in their size. */
import { expect, test } from 'vitest';
import { isLinear, measureGrowth, type Prepare } from '../tests/support/processor-time.ts';
import { readCatalogue } from './catalogue/read-catalogue.ts';
import { readCoupons } from './coupons/read-coupons.ts';
import { firstLineNotUtf8, readByteLines } from './input.ts';
import { parseOrderLine } from './orders/read-lines.ts';

const fileBytes = 1024 * 1024;

async function expectLinear(prepare: Prepare): Promise<void> {
  const growth = await measureGrowth(prepare, fileBytes);
  expect(isLinear(growth), JSON.stringify(growth)).toBe(true);
}

function refused(read: () => unknown): () => void {
  return () => {
    try {
      read();
    } catch {
      // Most of these files are refused. Only the time counts.
    }
  };
}

const header = 'sku,name,unit_price_minor,currency,stock\n';
const lines = (size: number, line: (n: number) => string): string =>
  Array.from({ length: size / 20 }, (_, n) => line(n)).join('\n');

test.each<[string, (size: number) => string]>([
  ['good lines', (size) => header + lines(size, (n) => `S${n},Name,1,EUR,1`)],
  ['the same SKU many times', (size) => header + lines(size, () => 'S,Name,1,EUR,1')],
  ['bad lines', (size) => header + lines(size, () => 'é,,x,x,x')],
  ['lines of one cell', (size) => header + lines(size, () => 'x'.repeat(19))],
  ['one long cell', (size) => `${header}S,${'x'.repeat(size)},1,EUR,1`],
  ['one long number', (size) => `${header}S,Name,1${'0'.repeat(size)}1,EUR,1`],
  ['spaces around a cell', (size) => `${header}S,${' '.repeat(size)}x${' '.repeat(size)},1,EUR,1`],
  ['escaped quotes', (size) => `${header}S,"${'""'.repeat(size / 2)}",1,EUR,1`],
  ['an open quote', (size) => `${header}S,"${'x,\n'.repeat(size / 3)}`],
  ['quotes inside of cells', (size) => header + lines(size, () => 'a"b,c"d,"e"f')],
  ['many columns', (size) => `${header}${','.repeat(size)}`],
  ['a header of many columns', (size) => `${'sku,'.repeat(size / 4)}\n1`],
  ['empty lines', (size) => header + '\n'.repeat(size)],
  ['carriage returns', (size) => header + '\r'.repeat(size)],
  ['control characters', (size) => header + lines(size, () => 'S,\u0000\u001b,1,EUR,1')],
])('a catalogue of %s', async (_name, shape) => {
  await expectLinear((size) => {
    const text = shape(size);
    return refused(() => readCatalogue(text));
  });
});

test.each<[string, (size: number) => string]>([
  ['objects', (size) => `[${lines(size, () => '{"code":"A","kind":""},')}{}]`],
  ['nesting', (size) => `[${'['.repeat(size / 2)}${']'.repeat(size / 2)}]`],
  ['a nested member', (size) => `[{"code":${'[{"a":'.repeat(size / 8)}1${'}]'.repeat(size / 8)}}]`],
  ['one long string', (size) => `[{"code":"${'\\\\"'.repeat(size / 3)}"}]`],
  ['spaces', (size) => `[${' '.repeat(size)}{${'\n'.repeat(size)}}]`],
  ['many members', (size) => `[{${lines(size, (n) => `"m${n}":1,`)}"z":1}]`],
  ['one long list', (size) => `[{"code":"A","kind":"percent","skus":[${'"S",'.repeat(size / 4)}"S"]}]`],
  ['one long number', (size) => `[{"code":"A","kind":"percent","percent_bp":1${'0'.repeat(size)}}]`],
  ['many SKUs in a cell', (size) => `code,kind,skus\nA,percent,${'S '.repeat(size / 2)}`],
])('coupons as JSON with %s', async (_name, shape) => {
  await expectLinear((size) => {
    const text = shape(size);
    return refused(() => readCoupons(text));
  });
});

test.each<[string, (size: number) => string]>([
  ['zeros', (size) => `{"customerId":"c","idempotencyKey":"k","order":{"a":1${'0'.repeat(size)}1}}`],
  ['spaces', (size) => `${' '.repeat(size)}{`],
  ['a long key', (size) => `{"customerId":"c","idempotencyKey":"${'k'.repeat(size)} ","order":{}}`],
  ['a long customer', (size) => `{"customerId":"${'é'.repeat(size)}","idempotencyKey":"k","order":{}}`],
  ['nesting', (size) => '['.repeat(size)],
])('a line of an order file with %s', async (_name, shape) => {
  await expectLinear((size) => {
    const text = shape(size);
    return () => parseOrderLine(text, 1);
  });
});

test.each<[string, (size: number) => Buffer]>([
  ['without an end', (size) => Buffer.alloc(size, 'x')],
  ['of nothing', (size) => Buffer.alloc(size, '\n')],
  [
    'that are not UTF-8 at the end',
    (size) => Buffer.concat([Buffer.alloc(size, 'é\n'), Buffer.from([0xff])]),
  ],
])('lines %s', async (_name, shape) => {
  await expectLinear((size) => {
    const bytes = shape(size);
    const chunks = async function* (): AsyncGenerator<Buffer> {
      for (let from = 0; from < bytes.length; from += 1_000) yield bytes.subarray(from, from + 1_000);
    };
    return async () => {
      let count = 0;
      for await (const _line of readByteLines(chunks(), 1 << 20)) count += 1;
      return [count, firstLineNotUtf8(bytes)];
    };
  });
});

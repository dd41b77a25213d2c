import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type BadLine, type OrderLine, readOrderLines } from './read-lines.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'order-lines-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function read(...parts: (string | Buffer)[]): Promise<(OrderLine | BadLine)[]> {
  const file = path.join(dir, 'orders.ndjson');
  writeFileSync(file, Buffer.concat(parts.map((part) => Buffer.from(part as string))));
  return all(readOrderLines(file));
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const line = (key: string, note = ''): string =>
  JSON.stringify({ customerId: 'c1', idempotencyKey: key, order: { note } });

/** The line number and key of an order, or the line number and problem of a bad line. */
const brief = (lines: (OrderLine | BadLine)[]): [number, string][] =>
  lines.map((each) => [each.line, each.kind === 'order' ? each.idempotencyKey : each.problem]);

test('refuses a line that is not UTF-8 with its number, and reads the other lines', async () => {
  const latin1 = Buffer.from(line('k2', 'Café'), 'latin1');
  const lines = await read(`${line('k1', 'Café')}\n`, latin1, `\n${line('k3')}\n`);
  expect(brief(lines)).toEqual([
    [1, 'k1'],
    [2, 'not valid UTF-8'],
    [3, 'k3'],
  ]);
  expect(lines[0]).toMatchObject({ order: { note: 'Café' } });
});

test('only LF ends a line: U+2028, U+2029 and U+0085 stay inside a string', async () => {
  const note = 'a\u2028b\u2029c\u0085d';
  const lines = await read(`${line('k1', note)}\n${line('k2')}\n`);
  expect(brief(lines)).toEqual([
    [1, 'k1'],
    [2, 'k2'],
  ]);
  expect(lines[0]).toMatchObject({ order: { note } });
});

test('accepts a byte order mark, CRLF, empty lines and a last line without an end, with correct line numbers', async () => {
  expect(brief(await read(`\ufeff${line('k1')}\r\n\r\n  \n${line('k2')}\r\n${line('k3')}`))).toEqual([
    [1, 'k1'],
    [4, 'k2'],
    [5, 'k3'],
  ]);
});

test('a byte order mark is allowed only in the first line', async () => {
  expect(brief(await read(`${line('k1')}\n\ufeff${line('k2')}\n`))).toEqual([
    [1, 'k1'],
    [2, 'not valid JSON'],
  ]);
});

test('a character that is split between two chunks of the file is one character', async () => {
  const note = 'é'.repeat(200_001);
  expect((await read(`${line('k1', note)}\n`))[0]).toMatchObject({ order: { note } });
});

test('drops a line longer than 1 MiB during the read, and the next line keeps its number', async () => {
  const lines = await read('x'.repeat(5 << 20), `\n${line('k2')}\n`, 'y'.repeat((1 << 20) + 1));
  expect(brief(lines)).toEqual([
    [1, 'longer than 1 MiB'],
    [2, 'k2'],
    [3, 'longer than 1 MiB'],
  ]);
});

test('a file that cannot be read to its end is an error', async () => {
  await expect(all(readOrderLines(dir))).rejects.toThrow('EISDIR');
});

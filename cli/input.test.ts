import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { firstLineNotUtf8, readByteLines } from './input.ts';

async function linesOf(chunks: string[], bytesMax = 100): Promise<(string | null)[]> {
  const lines: (string | null)[] = [];
  const input = Readable.from(chunks.map((chunk) => Buffer.from(chunk, 'latin1')));
  for await (const line of readByteLines(input, bytesMax))
    lines.push(line === null ? null : line.toString('latin1'));
  return lines;
}

test.each<[string, string[], (string | null)[]]>([
  ['nothing', [], []],
  ['a line without an end', ['ab'], ['ab']],
  ['a line end at the end, without a further line', ['ab\n'], ['ab']],
  ['empty lines, which count', ['\n\na\n'], ['', '', 'a']],
  ['a line in several chunks', ['a', 'b\nc', 'd\n'], ['ab', 'cd']],
  ['a line end at the end of a chunk', ['ab', '\n', 'c'], ['ab', 'c']],
])('reads %s', async (_what, chunks, expected) => {
  expect(await linesOf(chunks)).toEqual(expected);
});

test('drops only a line that is too long, in any chunks', async () => {
  expect(await linesOf(['abc', 'def', 'g\nabc\n'], 3)).toEqual([null, 'abc']);
  expect(await linesOf(['abc', 'd'], 3)).toEqual([null]);
});

test.each<[string, Buffer, number | null]>([
  ['text', Buffer.from('a\né\n'), null],
  ['nothing', Buffer.alloc(0), null],
  ['a bad last line', Buffer.from('a\n\xe9', 'latin1'), 2],
  ['a character that a line end splits', Buffer.from([0x61, 0x0a, 0xc3, 0x0a, 0xa9]), 2],
])('finds the first line that is not UTF-8 in %s', (_what, bytes, line) => {
  expect(firstLineNotUtf8(bytes)).toBe(line);
});

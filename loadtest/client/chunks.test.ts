import { expect, test } from 'vitest';
import { readChunks } from './chunks.ts';

const head = 'HTTP/1.1 200 OK\r\n\r\n';

test.each([
  ['5\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['5;name=value\r\nhello\r\n1\r\n!\r\n0\r\n\r\n', 'hello!'],
  ['A\r\n0\r\n\r\n67890\r\n0\r\ntrailer: 1\r\n\r\n', '0\r\n\r\n67890'],
  ['0\r\n\r\n', ''],
])('the chunks %j have the body %j', (chunks, body) => {
  expect(readChunks(head + chunks, head.length)).toBe(body);
});

test('a body has no end before its last byte', () => {
  const whole = `${head}5\r\nhello\r\n1\r\n!\r\n0\r\ntrailer: 1\r\n\r\n`;
  for (let length = head.length; length < whole.length; length++)
    expect(readChunks(whole.slice(0, length), head.length)).toBeNull();
});

test('a body with an invalid size never ends', () => {
  expect(readChunks(`${head}xyz\r\nhello\r\n0\r\n\r\n`, head.length)).toBeNull();
});

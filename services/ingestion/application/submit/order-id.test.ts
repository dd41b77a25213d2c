import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { isOrderId } from '../../../shared/ids/index.ts';
import { readIdempotencyKey } from '../requests/idempotency-key.ts';
import { cancelCommandId, orderIdOf } from './order-id.ts';

test('the id is a UUIDv8 of the first 128 bits of the hash', () => {
  const id = orderIdOf('c1', 'k1');
  const digest = createHash('sha256').update(Buffer.from('c1\0k1')).digest().subarray(0, 16);
  digest[6] = (digest[6]! & 0x0f) | 0x80;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  expect(id.replaceAll('-', '')).toBe(digest.toString('hex'));
  expect(isOrderId(id)).toBe(true);
  expect(orderIdOf('c1k', '1')).not.toBe(orderIdOf('c1', 'k1'));
  expect(isOrderId(id.toUpperCase())).toBe(false);
});

test('a repeated cancel request keeps its command id', () => {
  const cancel = { orderId: 'o', customerId: 'c', isOperator: false, expectedVersion: null };
  expect(cancelCommandId(cancel)).toMatch(/^cancel:[0-9a-f]{32}$/);
  expect(cancelCommandId({ ...cancel })).toBe(cancelCommandId(cancel));
  const others = [{ expectedVersion: 1 }, { customerId: 'd' }, { isOperator: true }];
  expect(
    new Set([cancel, ...others.map((other) => ({ ...cancel, ...other }))].map(cancelCommandId)).size,
  ).toBe(4);
});

test.each([
  ['abc', 'abc'],
  ['"abc"', 'abc'],
  [' "abc" ', 'abc'],
  ['"a\\"b\\\\"', 'a"b\\'],
  ['a"b', 'a"b'],
  ['x'.repeat(255), 'x'.repeat(255)],
  ['x'.repeat(256), null],
  ['', null],
  ['""', null],
  ['"a b"', null],
  ['a b', null],
  ['"abc', null],
  ['"a\\c"', null],
  ['"abc";x=1', null],
  ['é', null],
])('Idempotency-Key %j has the value %j', (field, key) => {
  expect(readIdempotencyKey(field)).toBe(key);
});

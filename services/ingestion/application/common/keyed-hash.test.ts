import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { createKeyedHash } from './keyed-hash.ts';

test.each(['short secret of tests', 'x'.repeat(64), 'é'.repeat(80)])('is HMAC-SHA256 under %j', (secret) => {
  const keyedHash = createKeyedHash(secret);
  for (const text of ['', 'a', 'order|customer|1|2', 'x'.repeat(1_024), 'after a longer one']) {
    expect(keyedHash(text)).toEqual(createHmac('sha256', secret).update(text, 'latin1').digest());
  }
});

test('refuses a text that is too long', () => {
  expect(() => createKeyedHash('secret')('x'.repeat(1_025))).toThrow(RangeError);
});

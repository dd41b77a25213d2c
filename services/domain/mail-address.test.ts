import { expect, it } from 'vitest';
import { isMailAddress, mailAddressPattern } from './mail-address.ts';

it.each([
  'ada@example.org',
  'a.b+c_d-e@mail.example.co.uk',
  "o'brien!#$%&*/=?^`{|}~@x.io",
  'root@localhost',
  'a@xn--jgeva-dua.ee',
  'a@1and1.com',
])('takes %s', (address) => {
  expect(isMailAddress(address)).toBe(true);
});

it.each([
  'a<b@example.com',
  'a>b@example.com',
  '<a@example.com>',
  'a b@example.com',
  'victim,root;x@example.org',
  '"a"@example.com',
  'a@b@example.com',
  'a..b@example.com',
  '.a@example.com',
  'a.@example.com',
  'a@example..com',
  'a@.example.com',
  'a@-example.com',
  'a@example-.com',
  'a@example.com.',
  'a@[127.0.0.1]',
  'a@127.1',
  'a@0x7f.1',
  'a@example.0x1',
  'a@1',
  'a@%65xample.com',
  'a(comment)@example.com',
  'a@example.com\nbcc: b@example.com',
  'ä@example.com',
  'a@exämple.com',
  'a@',
  '@example.com',
  `a@${'b'.repeat(64)}.org`,
  `a@${'b.'.repeat(126)}org`,
])('refuses %s', (address) => {
  expect(isMailAddress(address)).toBe(false);
});

it('takes time that is linear in the length of the text', () => {
  const pattern = new RegExp(mailAddressPattern, 'u');
  const worst = ['a.', 'a', 'a@a.', 'a-', '@'].map((text) => `${text.repeat(100_000)}!@`);
  for (const text of worst) {
    // The test measures processor time, so that other load on the machine does not count.
    const before = process.cpuUsage();
    pattern.test(text);
    expect(process.cpuUsage(before).user).toBeLessThan(500_000);
  }
});

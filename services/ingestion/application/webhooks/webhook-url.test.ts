import { expect, test } from 'vitest';
import { createWebhookUrls } from './webhook-url.ts';

const local = createWebhookUrls(['127.0.0.0/8']);
const open = createWebhookUrls([]);

test.each([
  ['https://shop.example.com/hooks?id=1', 'https://shop.example.com/hooks?id=1'],
  ['HTTPS://Shop.Example.com:8443', 'https://shop.example.com:8443/'],
  ['https://bücher.de/', 'https://xn--bcher-kva.de/'],
])('%s is accepted', (text, url) => {
  expect(open(text)).toEqual({ url, fault: null });
});

test.each([
  ['shop.example.com/hooks', 'is not a URL'],
  ['http://shop.example.com/', 'https://'],
  ['ftp://shop.example.com/', 'https://'],
  ['javascript:alert(1)', 'https://'],
  ['https://user:secret@shop.example.com/', 'user name'],
  ['https://user@shop.example.com/', 'user name'],
  ['https://shop.example.com/#part', 'fragment'],
  [`https://shop.example.com/${'x'.repeat(2_000)}`, 'longer'],
  [`https://shop.example.com/${'ü'.repeat(400)}`, 'longer'],
  ['https://10.0.0.1/', 'address'],
  ['https://127.1/', 'address'],
  ['https://2130706433/', 'address'],
  ['https://0x7f000001/', 'address'],
  ['https://[::1]/', 'address'],
  ['https://[::ffff:127.0.0.1]/', 'address'],
  ['https://localhost/', 'public'],
  ['https://db/', 'public'],
  ['https://metadata.google.internal/', 'public'],
  ['https://metadata.google.internal./', 'public'],
])('%s is refused', (text, fault) => {
  expect(open(text).fault).toContain(fault);
});

test('an allow-listed host may be an address and use plain http, and other hosts may not', () => {
  expect(local('http://127.0.0.1:9999/hook')).toEqual({ url: 'http://127.0.0.1:9999/hook', fault: null });
  expect(local('http://localhost:9999/')).toEqual({ url: 'http://localhost:9999/', fault: null });
  expect(local('http://10.0.0.1/').fault).toContain('https://');
  expect(local('http://shop.example.com/').fault).toContain('https://');
  expect(() => createWebhookUrls(['shop.example.com'])).toThrow(RangeError);
});

/** Key servers with invalid, endless or missing answers, and the allowed sources of keys. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { loadKeys, sourceFault } from './key-source.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(answer: (response: ServerResponse, login: string | undefined) => void): Promise<string> {
  const server = createServer(({ headers }, response) => answer(response, headers.authorization));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const ec = {
  kty: 'EC',
  crv: 'P-256',
  x: 'WKn-ZIGevcwGIyyrzFoZNBdaq9_TsqzGl96oc0CWuis',
  y: 'y77t-RvAHRKTsSGdIYUfweuOvwrvDD-Q3Hv5J0fSKbE',
};

describe('an answer that is not a key set', () => {
  it.each([
    ['nothing', ''],
    ['invalid JSON', '<html>'],
    ['null', 'null'],
    ['a number', '7'],
    ['keys that are not a list', '{"keys":{}}'],
    ['no keys', '{"keys":[]}'],
    ['too many keys', JSON.stringify({ keys: Array(51).fill(ec) })],
    ['a key that is null', '{"keys":[null]}'],
    ['a key that is text', '{"keys":["x"]}'],
    ['only keys for another purpose', JSON.stringify({ keys: [{ ...ec, use: 'enc' }] })],
    ['a point that is not on the curve', JSON.stringify({ keys: [{ ...ec, x: ec.y }] })],
    ['a private key', JSON.stringify({ keys: [{ ...ec, d: 'x' }] })],
  ])('%s', async (_what, body) => {
    const url = await serve((response) => response.end(body));
    await expect(loadKeys(url)).rejects.toThrow();
  });

  it('an answer with another status is refused', async () => {
    const url = await serve((response) => response.writeHead(500).end(JSON.stringify({ keys: [ec] })));
    await expect(loadKeys(url)).rejects.toThrow('answered 500');
  });

  it('a redirect is refused', async () => {
    const url = await serve((response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    await expect(loadKeys(url)).rejects.toThrow();
  });
});

it('a body without end is cancelled at the size limit', async () => {
  let sent = 0;
  const url = await serve((response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(' '.repeat(16_384))) sent += 16_384;
    };
    response.on('drain', more);
    more();
  });
  await expect(loadKeys(url)).rejects.toThrow('longer than 65536 bytes');
  // The socket buffers of both sides may hold bytes that were already sent.
  expect(sent).toBeLessThan(16 * 1024 * 1024);
});

it('a valid answer returns its keys', async () => {
  const url = await serve((response) => response.end(JSON.stringify({ keys: [{ ...ec, kid: 'k' }] })));
  const keys = await loadKeys(url);
  expect([keys.count, [...keys.kids]]).toEqual([1, ['k']]);
  expect(keys.find('ES256', 'k')?.asymmetricKeyType).toBe('ec');
  expect(keys.find('RS256', 'k')).toBeNull();
});

it('a login in the URL is sent as basic authentication and appears in no message', async () => {
  const logins: (string | undefined)[] = [];
  const url = await serve((response, login) => {
    logins.push(login);
    response.writeHead(403).end();
  });
  const failure = loadKeys(url.replace('http://', 'http://team:hunter22@'));
  await expect(failure).rejects.toThrow(/^the key server answered 403$/);
  expect(logins).toEqual([`Basic ${Buffer.from('team:hunter22').toString('base64')}`]);
});

describe('keys may come over plain http', () => {
  it.each([
    'http://127.0.0.1/jwks',
    'http://127.1.2.3:80/',
    'http://localhost:8080/',
    'http://[::1]/',
    'https://issuer.example/',
    '/etc/jwks.json',
  ])('from %s', (source) => expect(sourceFault(source)).toBeNull());

  it.each([
    'http://issuer.example/',
    'HTTP://10.0.0.1/',
    'http://localhost.example/',
    'http://127.0.0.1.example/',
  ])('keys may not come from %s', (source) => expect(sourceFault(source)).toMatch(/https/));
});

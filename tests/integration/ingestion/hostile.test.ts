/**
 * Hostile requests have forged tokens or broken HTTP. None passes, none gets a 5xx, and none affects other
 * requests.
 */
import { spawn } from 'node:child_process';
import { createHmac, generateKeyPairSync, randomBytes, sign as signBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { execPath } from 'node:process';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Ingestion } from '../../../services/ingestion/service.ts';
import { spawnApi } from '../../support/api/api-process.ts';
import { type ApiWorld, openApiWorld, orderOf } from '../../support/api/api-world.ts';
import { useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('hostile');
const database = useDatabase('hostile');
let world: ApiWorld;
let api: Ingestion;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
  api = await world.startApi();
});
afterAll(() => world.close());

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

describe('tokens', () => {
  async function statusOf(token: string): Promise<number> {
    const response = await fetch(`${api.url}/v1/orders`, { headers: { authorization: `Bearer ${token}` } });
    await response.arrayBuffer();
    return response.status;
  }

  test('a valid one passes', async () => {
    expect(await statusOf(await world.token('c1'))).toBe(200);
  });

  test('at least thirty forged ones all get 401', async () => {
    const hostile = await hostileTokens();
    expect(Object.keys(hostile).length).toBeGreaterThanOrEqual(30);
    const statuses = Object.fromEntries(
      await Promise.all(
        Object.entries(hostile).map(async ([name, token]) => [name, await statusOf(token)] as const),
      ),
    );
    expect(statuses).toEqual(Object.fromEntries(Object.keys(hostile).map((name) => [name, 401])));
  });

  async function hostileTokens(): Promise<Record<string, string>> {
    const good = await world.token('c1');
    const [header = '', payload = '', signature = ''] = good.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const jwks = await readFile(world.issuer.jwksPath, 'utf8');
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const hmac = (head: object, body: object, key: string | Buffer) => {
      const text = `${encode(head)}.${encode(body)}`;
      return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
    };
    const foreign = (body: object, head: object = { alg: 'ES256', kid, typ: 'at+jwt' }) => {
      const text = `${encode(head)}.${encode(body)}`;
      const bytes = signBytes('sha256', Buffer.from(text), {
        key: other.privateKey,
        dsaEncoding: 'ieee-p1363',
      });
      return `${text}.${bytes.toString('base64url')}`;
    };
    const now = Math.floor(Date.now() / 1000);
    const signed = (ttlSeconds: number) =>
      world.issuer.sign({ customerId: 'c1', scopes: ['orders:read'], ttlSeconds });
    return {
      word: 'token',
      dots: '..',
      manyDots: 'a.b.c.d.e',
      headerOnly: header,
      noSignature: `${header}.${payload}`,
      emptySignature: `${header}.${payload}.`,
      shortSignature: `${header}.${payload}.${signature.slice(0, 10)}`,
      longSignature: `${header}.${payload}.${signature}AAAA`,
      otherSignature: `${header}.${payload}.${randomBytes(64).toString('base64url')}`,
      zeroSignature: `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`,
      swapped: `${payload}.${header}.${signature}`,
      otherCustomer: `${header}.${encode({ ...claims, sub: 'c2' })}.${signature}`,
      moreScope: `${header}.${encode({ ...claims, scope: 'orders:ops' })}.${signature}`,
      algNone: `${encode({ alg: 'none', kid })}.${payload}.`,
      algNoneOdd: `${encode({ alg: 'nOnE', kid })}.${payload}.${signature}`,
      algMissing: `${encode({ kid })}.${payload}.${signature}`,
      algNumber: `${encode({ alg: 1, kid })}.${payload}.${signature}`,
      hmacByJwks: hmac({ alg: 'HS256', kid }, claims, jwks),
      hmacByKid: hmac({ alg: 'HS256', kid }, claims, kid),
      hmacEmpty: hmac({ alg: 'HS256', kid }, claims, 'secret'),
      foreignKey: foreign(claims),
      foreignKidUnknown: foreign(claims, { alg: 'ES256', kid: 'nobody' }),
      foreignNoKid: foreign(claims, { alg: 'ES256' }),
      kidPath: foreign(claims, { alg: 'ES256', kid: '../../etc/passwd' }),
      kidSql: foreign(claims, { alg: 'ES256', kid: "' OR 1=1 --" }),
      kidObject: foreign(claims, { alg: 'ES256', kid: { a: 1 } }),
      ownJwk: foreign(claims, { alg: 'ES256', kid, jwk: other.publicKey.export({ format: 'jwk' }) }),
      ownJku: foreign(claims, { alg: 'ES256', kid, jku: 'http://127.0.0.1:1/jwks.json' }),
      ownX5u: foreign(claims, { alg: 'ES256', kid, x5u: 'http://127.0.0.1:1/x' }),
      critical: foreign(claims, { alg: 'ES256', kid, crit: ['exp'], exp: now + 60 }),
      expired: await signed(-3_600),
      longExpired: foreign({ ...claims, exp: 1 }),
      notYet: foreign({ ...claims, nbf: now + 3_600 }),
      payloadNotJson: `${header}.${encode('not json')}.${signature}`,
      payloadArray: `${header}.${encode([])}.${signature}`,
      payloadNull: `${header}.${encode('null')}.${signature}`,
      headerNotJson: `${encode('{')}.${payload}.${signature}`,
      notBase64: `${header}.${payload}.====`,
      huge: `${header}.${encode({ ...claims, pad: 'x'.repeat(7_000) })}.${signature}`,
      encrypted: `${encode({ alg: 'dir', enc: 'A128GCM' })}..${encode('iv')}.${payload}.${signature}`,
    };
  }
});

describe('raw sockets', () => {
  /**
   * Sends bytes and returns everything received until the other side closes; `closed` is false after a
   * timeout.
   */
  function talk(
    parts: readonly (string | Buffer)[],
    deadlineMs = 30_000,
  ): Promise<{ text: string; closed: boolean }> {
    const { hostname, port } = new URL(api.url);
    return new Promise((resolve) => {
      const socket = connect(Number(port), hostname);
      let text = '';
      const timer = setTimeout(() => socket.destroy(), deadlineMs);
      const end = (closed: boolean) => {
        clearTimeout(timer);
        resolve({ text, closed });
      };
      socket.on('data', (bytes) => (text += bytes.toString('latin1')));
      socket.on('end', () => end(true));
      socket.on('error', () => end(true));
      socket.on('close', () => end(false));
      for (const part of parts) socket.write(part);
    });
  }
  const line = 'POST /v1/orders HTTP/1.1\r\nHost: a\r\n';

  test.each<[string, string, number]>([
    ['both lengths', `${line}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['two lengths', `${line}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`, 400],
    ['a bad length', `${line}Content-Length: +3\r\n\r\nabc`, 400],
    ['a bare LF', 'GET /v1/orders HTTP/1.1\nHost: a\n\n', 400],
    ['two hosts', 'GET /v1/orders HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
    ['no host', 'GET /v1/orders HTTP/1.1\r\n\r\n', 400],
    ['a space before the colon', 'GET /v1/orders HTTP/1.1\r\nHost : a\r\n\r\n', 400],
    ['a folded header', 'GET /v1/orders HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n', 400],
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['endless headers', `GET /v1/orders HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
  ])('%s: refused and closed', async (_name, bytes, status) => {
    const { text, closed } = await talk([bytes]);
    expect(text.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    expect(closed).toBe(true);
    expect(text).not.toMatch(/HTTP\/1\.1 (2|5)/);
  });

  test('refuses a bad chunk in an authentic request', async () => {
    const authentic = `${line}authorization: Bearer ${await world.token('c1')}\r\ncontent-type: application/json\r\n`;
    const { text, closed } = await talk([`${authentic}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n`]);
    expect(text.slice(0, 12)).toBe('HTTP/1.1 400');
    expect(closed).toBe(true);
  });

  test('slow headers and a slow body end in 408 while a good client is served', async () => {
    const token = await world.token('c1');
    const slowHeaders = talk(['GET /v1/orders HTTP/1.1\r\nHo']);
    const slowBody = talk([
      `${line}authorization: Bearer ${token}\r\ncontent-type: application/json\r\nContent-Length: 500\r\n\r\n{`,
    ]);
    const good = await fetch(`${api.url}/v1/orders`, { headers: { authorization: `Bearer ${token}` } });
    expect(good.status).toBe(200);
    for (const slow of [await slowHeaders, await slowBody]) {
      expect(slow.text).toContain('HTTP/1.1 408');
      expect(slow.closed).toBe(true);
    }
  });

  test('a flood of pipelined requests loses its connection', async () => {
    const { text } = await talk([`GET /docs HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(2_000)], 5_000);
    expect(text).not.toMatch(/HTTP\/1\.1 5/);
  });

  test.each<[string, (order: string) => string]>([
    ['deep nesting', () => '['.repeat(30_000) + ']'.repeat(30_000)],
    ['members named twice', (order) => order.replace('"currency"', '"currency":"USD","currency"')],
    ['a number beyond 2^53', (order) => order.replace('"quantity":1', '"quantity":9007199254740993')],
    [
      'a number of a thousand digits',
      (order) => order.replace('"quantity":1', `"quantity":${'9'.repeat(1_000)}`),
    ],
    ['an endless exponent', (order) => order.replace('"quantity":1', '"quantity":1e99999')],
    ['a lone surrogate', (order) => order.replace('SKU-1', 'SKU-1\\ud800')],
    ['an identifier that is not normalised', (order) => order.replace('SKU-1', 'SKU-1e\u0301')],
    ['an identifier beyond ASCII', (order) => order.replace('SKU-1', 'SKU-\u00e9')],
  ])('%s in a body gets 400, and the connection stays open', async (_name, hurt) => {
    const authentic = `${line}authorization: Bearer ${await world.token('c1')}\r\ncontent-type: application/json\r\nidempotency-key: hostile\r\n`;
    const body = Buffer.from(hurt(JSON.stringify(orderOf())));
    const again = `GET /v1/orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const { text } = await talk([`${authentic}Content-Length: ${body.length}\r\n\r\n`, body, again]);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 401']);
  });
});

describe('a good client beside hostile ones', () => {
  /**
   * The hostile clients load a bare server and ours in alternating slices. So they cost this machine the same
   * in both cases. Other load on the machine affects only some slices.
   */
  const slices = 20;
  const requestsASlice = 40;

  test('keeps its p99 within twice the value without them', async () => {
    const process = await spawnApi({ ...world.env, INSTANCE_ID: 'beside' });
    const headers = { authorization: `Bearer ${await world.token('c1')}` };
    /** The longest latency of a slice, which is about its p99, in ms. */
    const ask = async (): Promise<number> => {
      let longestMs = 0;
      for (let n = 0; n < requestsASlice; n++) {
        const startedMs = performance.now();
        const answer = await fetch(`${process.url}/v1/orders?limit=1`, { headers });
        await answer.arrayBuffer();
        expect(answer.status).toBe(200);
        longestMs = Math.max(longestMs, performance.now() - startedMs);
      }
      return longestMs;
    };
    const median = (values: readonly number[]): number =>
      values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
    onTestFinished(async () => {
      await process.end('SIGKILL');
    });
    const bare = await startBareServer();
    const askBeside = async (url: URL): Promise<number> => {
      const stop = attack(url);
      const longestMs = await ask();
      await stop();
      return longestMs;
    };
    await ask();
    const elsewhere: number[] = [];
    const here: number[] = [];
    for (let slice = 0; slice < slices; slice++) {
      elsewhere.push(await askBeside(bare));
      here.push(await askBeside(new URL(process.url)));
    }
    expect(median(here)).toBeLessThanOrEqual(2 * median(elsewhere));
  }, 180_000);

  /** A process that only parses HTTP. */
  async function startBareServer(): Promise<URL> {
    const script =
      "const s = require('node:http').createServer((q, r) => r.end()).listen(0, '127.0.0.1', () => console.log(s.address().port))";
    const child = spawn(execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
    });
    const [port] = await once(child.stdout, 'data');
    return new URL(`http://127.0.0.1:${String(port).trim()}`);
  }

  /** A hundred connections that send half a request, and one broken request after the other. */
  function attack({ hostname, port: text }: URL): () => Promise<void> {
    const port = Number(text);
    const sockets = Array.from({ length: 100 }, (_, n) => {
      const socket = connect(port, hostname);
      socket.on('error', () => undefined);
      socket.write(
        n % 2 === 0
          ? 'GET /v1/orders HTTP/1.1\r\nHo'
          : 'POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{',
      );
      return socket;
    });
    let stopped = false;
    const broken = (async () => {
      while (!stopped) {
        await new Promise<void>((resolve) => {
          const socket = connect(port, hostname, () => socket.write('GET / HTTP/1.1\nHost: a\n\n'));
          socket.on('error', () => undefined);
          socket.resume();
          socket.on('close', () => resolve());
        });
      }
    })();
    return async () => {
      stopped = true;
      for (const socket of sockets) socket.destroy();
      await broken;
    };
  }
});

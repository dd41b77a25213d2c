/**
 * The work on a request grows at most linearly with its bytes, whatever a caller sends.
 * tests/support/processor-time.ts explains how two inputs are compared. The larger input has at least the
 * maximum size that the service accepts.
 */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isLinear, measureGrowth, type Prepare } from '../../tests/support/processor-time.ts';
import { createLocalIssuer, createVerifier, type Verifier } from '../shared/auth/index.ts';
import { createTickets } from './application/common/ticket.ts';
import { createCursors } from './application/read/cursor.ts';
import { readIdempotencyKey } from './application/requests/idempotency-key.ts';
import { CancelRequest, OrderRequest } from './application/requests/order-request.ts';
import { compileCheck } from './application/requests/validation.ts';
import { canonicalJson } from './application/submit/fingerprint.ts';
import { batchOrdersMax } from './application/submit/place-order-input.ts';
import { createWebhookUrls } from './application/webhooks/webhook-url.ts';
import { splitBatch } from './http/json/batch-items.ts';
import { isExactInteger } from './http/json/exact-integer.ts';
import { parseStrictJson } from './http/json/strict-json.ts';
import { preferredWaitSeconds, readEtags } from './http/prefer.ts';
import { NewWebhookEndpoint, RotateRequest } from './http/schemas/webhook.ts';
import { createFakeWorld, fakeTokens, placeRequest, sampleOrder } from './testing/fake-world.ts';

/** Maximum bytes of an order. */
const bodyBytes = 64 * 1024;
const batchBytes = 2 * 1024 * 1024;
const headerBytes = 15_000;
const timeoutMs = 120_000;

async function expectLinear(prepare: Prepare, sizeMax: number): Promise<void> {
  const growth = await measureGrowth(prepare, sizeMax);
  expect(isLinear(growth), JSON.stringify(growth)).toBe(true);
}

/** Repeats `unit` up to the size. Each part contains its number. */
function many(size: number, unit: (n: number) => string, separator = ','): string {
  const parts: string[] = [];
  for (let length = 0, n = 0; length < size; n++) {
    const part = unit(n);
    parts.push(part);
    length += part.length + separator.length;
  }
  return parts.join(separator);
}

/** Texts that JSON.parse accepts. */
const jsonShapes: readonly [string, (size: number) => string][] = [
  ['zeros before the last digit of a number', (size) => `{"a":1${'0'.repeat(size)}1}`],
  ['zeros at the end of a number', (size) => `{"a":1${'0'.repeat(size)}}`],
  ['zeros after the point', (size) => `{"a":0.${'0'.repeat(size)}1}`],
  ['zeros on both sides', (size) => `[1${'0'.repeat(size / 2)}.${'0'.repeat(size / 2)}1]`],
  ['a long exponent', (size) => `[1e${'0'.repeat(size)}1]`],
  ['many long numbers', (size) => `[${many(size, () => `1${'0'.repeat(60)}1`)}]`],
  ['many fractions', (size) => `[${many(size, () => '1.0')}]`],
  ['spaces', (size) => `{"a"${' '.repeat(size / 2)}:${'\n'.repeat(size / 2)}1.0}`],
  ['escapes', (size) => `["${'\\n'.repeat(size / 2)}"]`],
  ['escaped quotes', (size) => `["${'\\"'.repeat(size / 2)}"]`],
  ['escaped backslashes', (size) => `["${'\\\\'.repeat(size / 2)}"]`],
  ['many texts with escapes', (size) => `[${many(size, () => '"\\u0041"')}]`],
  ['surrogate pairs', (size) => `["${'\\ud83d\\ude00'.repeat(size / 12)}"]`],
  ['unpaired surrogates', (size) => `[${many(size, () => '"\\ud800"')}]`],
  ['nested arrays', (size) => '['.repeat(size / 2) + ']'.repeat(size / 2)],
  ['nested objects', (size) => `${'{"a":'.repeat(size / 6)}1${'}'.repeat(size / 6)}`],
  ['a member many times', (size) => `{${many(size, () => '"a":0')}}`],
  ['two members many times', (size) => `{${many(size, (n) => `"k${n}":0,"k${n}":1`)}}`],
  ['many members', (size) => `{${many(size, (n) => `"k${n}":0`)}}`],
  ['members with numbers for names', (size) => `{${many(size, (n) => `"${n * 7_919}":0`)}}`],
  ['members with large numbers for names', (size) => `{${many(size, (n) => `"${4_294_967_294 - n}":0`)}}`],
  ['objects with other members each', (size) => `[${many(size, (n) => `{"k${n}":0}`)}]`],
  ['names that pointers escape', (size) => `{${many(size, (n) => `"~/${n}":1.5`)}}`],
  ['one long name', (size) => `{"${'~'.repeat(size)}":[${many(100, () => '1.5')}]}`],
  ['many small arrays', (size) => `[${many(size, () => '[]')}]`],
  ['words', (size) => `[${many(size, () => 'null')}]`],
];

describe('a body', () => {
  test.each(jsonShapes)(
    'of %s',
    async (_name, shape) => {
      await expectLinear((size) => {
        const bytes = Buffer.from(shape(size));
        return () => parseStrictJson(bytes);
      }, bodyBytes);
    },
    timeoutMs,
  );

  test.each(jsonShapes)(
    'of %s, followed by invalid JSON',
    async (_name, shape) => {
      await expectLinear((size) => {
        const bytes = Buffer.from(`${shape(size)}x`);
        return () => parseStrictJson(bytes);
      }, bodyBytes);
    },
    timeoutMs,
  );

  test.each(jsonShapes)(
    'of %s, cut off',
    async (_name, shape) => {
      await expectLinear((size) => {
        const text = shape(size);
        const bytes = Buffer.from(text.slice(0, text.length - 2));
        return () => parseStrictJson(bytes);
      }, bodyBytes);
    },
    timeoutMs,
  );

  test.each(jsonShapes)(
    'of a batch with %s',
    async (_name, shape) => {
      await expectLinear((size) => {
        const text = `{"orders":[${shape(size)},1]}`;
        return () => splitBatch(text, batchOrdersMax);
      }, batchBytes);
    },
    timeoutMs,
  );

  test.each([
    ['U+FFFD and then a wrong byte', '\ufffd'],
    ['text and then a wrong byte', 'é'],
    ['lines and then a wrong byte', '\n'],
  ])(
    'of %s',
    async (_name, unit) => {
      await expectLinear((size) => {
        const bytes = Buffer.concat([Buffer.from(unit.repeat(size)), Buffer.from([0xff])]);
        return () => parseStrictJson(bytes);
      }, bodyBytes);
    },
    timeoutMs,
  );

  test(
    'the check of one number, whatever its length',
    async () => {
      for (const shape of [(n: number) => `1${'0'.repeat(n)}1`, (n: number) => `0.${'0'.repeat(n)}1e${n}`])
        await expectLinear((size) => {
          const token = shape(size);
          return () => isExactInteger(token);
        }, bodyBytes);
    },
    timeoutMs,
  );
});

describe('the check of an order', () => {
  const check = compileCheck(OrderRequest);
  const orderWith = (more: object): object => ({ ...sampleOrder(), ...more });
  const object = (size: number, value: unknown): object =>
    Object.fromEntries(Array.from({ length: Math.floor(size / 10) }, (_, n) => [`k${n}`, value]));

  test.each<[string, (size: number) => object]>([
    ['unknown members', (size) => orderWith(object(size, 1))],
    ['bad metadata', (size) => orderWith({ metadata: object(size, 1) })],
    ['much metadata', (size) => orderWith({ metadata: object(size, 'x') })],
    ['a long name in metadata', (size) => orderWith({ metadata: { ['~'.repeat(size)]: 1 } })],
    [
      'many lines',
      (size) => orderWith({ items: Array(Math.floor(size / 10)).fill({ sku: 'a', quantity: 1 }) }),
    ],
    ['many bad lines', (size) => orderWith({ items: Array(Math.floor(size / 2)).fill(0) })],
    ['a long SKU', (size) => orderWith({ items: [{ sku: 'é'.repeat(size), quantity: 1 }] })],
    ['a long e-mail address', (size) => orderWith({ contact: { email: 'a'.repeat(size) } })],
    ['many at signs', (size) => orderWith({ contact: { email: 'a@'.repeat(size / 2) } })],
    ['many dots', (size) => orderWith({ contact: { email: `a@${'a.'.repeat(size / 2)}` } })],
    ['a long text', (size) => orderWith({ couponCode: `${'x'.repeat(size)} ` })],
  ])(
    'of %s',
    async (_name, shape) => {
      await expectLinear((size) => {
        const order = shape(size);
        return () => check(order);
      }, bodyBytes);
    },
    timeoutMs,
  );

  test.each<[string, Prepare]>([
    [
      'a reason of a cancel',
      (size) => {
        const checkCancel = compileCheck(CancelRequest);
        return () => checkCancel({ reason: `${'x'.repeat(size)}\u0000` });
      },
    ],
    [
      'the same event type many times',
      (size) => {
        const checkEndpoint = compileCheck(NewWebhookEndpoint);
        const eventTypes = Array(Math.floor(size / 12)).fill('order.*');
        return () => checkEndpoint({ url: 'https://a.example.org/', eventTypes });
      },
    ],
    [
      'a rotation',
      (size) => {
        const checkRotate = compileCheck(RotateRequest);
        return () => checkRotate({ ['x'.repeat(size)]: 1 });
      },
    ],
    [
      'a webhook URL',
      (size) => {
        const read = createWebhookUrls([]);
        const url = `https://${'xn--a.'.repeat(size / 6)}org/`;
        return () => read(url);
      },
    ],
    ['canonical JSON of texts', (size) => () => canonicalJson({ a: 'é"'.repeat(size / 2) })],
  ])(
    '%s',
    async (_name, prepare) => {
      await expectLinear(prepare, 16 * 1024);
    },
    timeoutMs,
  );
});

/** Text in a header or in a query, up to the size limit of the HTTP parser. */
const fieldShapes: readonly [string, (size: number) => string][] = [
  ['spaces', (size) => ' '.repeat(size)],
  ['spaces before a letter', (size) => `${' '.repeat(size)}x`],
  ['spaces between', (size) => `x${' '.repeat(size)}x`],
  ['tabs between', (size) => `"1"${'\t'.repeat(size)}x`],
  ['quotes', (size) => '"'.repeat(size)],
  ['backslashes', (size) => `"${'\\'.repeat(size)}`],
  ['escaped quotes', (size) => `"${'\\"'.repeat(size / 2)}x`],
  ['commas', (size) => ','.repeat(size)],
  ['commas and spaces', (size) => ', '.repeat(size / 2)],
  ['semicolons', (size) => ';'.repeat(size)],
  ['semicolons and spaces', (size) => `x;${' ;'.repeat(size / 2)}`],
  ['equals signs', (size) => `a${'=a'.repeat(size / 2)}`],
  ['entity tags', (size) => many(size, (n) => `"${n}"`, ', ')],
  ['entity tags and then another text', (size) => `${many(size, (n) => `W/"${n}"`, ' , ')} x`],
  ['an open entity tag', (size) => `${many(size / 2, () => '""', ',')},"${'x'.repeat(size / 2)}`],
  ['waits', (size) => many(size, () => 'wait=x', ', ')],
  ['a wait with spaces', (size) => `wait${' '.repeat(size / 2)}=${' '.repeat(size / 2)}x`],
  ['a wait and parameters', (size) => `wait=1;${'x'.repeat(size)}\u000b`],
  ['digits', (size) => '1'.repeat(size)],
  ['zeros before a digit', (size) => `1${'0'.repeat(size)}1`],
  ['dots', (size) => '.'.repeat(size)],
  ['a ticket of many digits', (size) => `1.${'1'.repeat(size)}.${'A'.repeat(22)}`],
  ['hexadecimal digits', (size) => `00-${'0'.repeat(size)}-00`],
  ['letters', (size) => 'A'.repeat(size)],
  ['a media type and spaces', (size) => `application/json${' '.repeat(size)};x`],
  ['a media type and parameters', (size) => `application/json;${many(size, (n) => `a${n}=b`, ';')}`],
  ['a media type and an open quote', (size) => `application/json;a="${'\\"'.repeat(size / 2)}`],
  ['a charset and spaces', (size) => `application/json; charset${' '.repeat(size)}=${' '.repeat(9)}x`],
  ['a bearer and spaces', (size) => `Bearer${' '.repeat(size)}é`],
  ['a bearer and a long token', (size) => `Bearer ${'a'.repeat(size)} é`],
  ['a token of many dots', (size) => `Bearer ${'.'.repeat(size)}`],
];

describe('a field', () => {
  const tickets = createTickets(['a secret of sixteen'], 'log');
  const cursors = createCursors(['a secret of sixteen']);
  const readers: Readonly<Record<string, (field: string) => unknown>> = {
    'entity tags': readEtags,
    prefer: preferredWaitSeconds,
    'idempotency key': readIdempotencyKey,
    ticket: (field) => tickets.read(field, 'o', 'c'),
    cursor: (field) => cursors.read(field, 'l'),
  };
  const orderUrl = '/v1/orders/0c9f7f0e-9d1b-8c53-a0f4-5a0e6f3c2b11';

  test.each(fieldShapes)(
    'of %s, read by each reader of fields',
    async (_name, shape) => {
      for (const read of Object.values(readers))
        await expectLinear((size) => {
          const field = shape(size);
          return () => read(field);
        }, 4 * headerBytes);
    },
    timeoutMs,
  );

  test.each(fieldShapes)(
    'of %s, in each header of a request',
    async (_name, shape) => {
      const world = createFakeWorld({ ordersPerSecond: 10_000_000, burstOrders: 10_000_000 });
      const names = [
        ...['authorization', 'content-type', 'idempotency-key', 'prefer', 'if-none-match', 'if-match'],
        ...['last-event-id', 'traceparent', 'content-encoding', 'origin', 'accept', 'host'],
      ];
      for (const name of names)
        await expectLinear((size) => {
          const headers = { [name]: shape(size) };
          const request = placeRequest('k', sampleOrder(), headers);
          const read = { url: orderUrl, headers: { authorization: `Bearer ${fakeTokens.c1}`, ...headers } };
          return async () => {
            await world.app.inject(request);
            await world.app.inject(read);
            await world.app.inject({ ...read, url: `${orderUrl}/events` });
            await world.app.inject({ ...read, url: `${orderUrl}/cancel`, method: 'POST' });
          };
        }, headerBytes);
    },
    timeoutMs,
  );

  test.each([
    ...fieldShapes,
    ['parameters', (size: number) => many(size, (n) => `k${n}=v`, '&')],
    ['the same parameter', (size: number) => many(size, () => 'limit=1', '&')],
    ['percent signs', (size: number) => '%'.repeat(size)],
    ['slashes', (size: number) => '/'.repeat(size)],
    ['encoded letters', (size: number) => '%41'.repeat(size / 3)],
  ] as const)(
    'of %s, in query and path',
    async (_name, shape) => {
      const world = createFakeWorld();
      const headers = { authorization: `Bearer ${fakeTokens.c1}` };
      await expectLinear((size) => {
        const raw = shape(size).replaceAll(/[^!-~]/g, '+');
        const text = encodeURIComponent(raw).slice(0, size);
        const urls = [
          `/v1/orders?limit=${text}&cursor=${text}&status=${text}`.slice(0, headerBytes),
          `${orderUrl}?t=${text}`,
          `/v1/orders?${raw.replaceAll(/[#]/g, '')}`,
          `/v1/orders/${text}`,
          `/v1/orders/${raw.replaceAll(/[?#]/g, '')}/events`,
          `/${raw.replaceAll(/[?#]/g, '')}`,
        ];
        return async () => {
          for (const url of urls) await world.app.inject({ url, headers });
        };
      }, headerBytes);
    },
    timeoutMs,
  );

  test(
    'many headers, and the same header many times',
    async () => {
      const world = createFakeWorld();
      const authorization = `Bearer ${fakeTokens.c1}`;
      await expectLinear((size) => {
        const names = Array.from({ length: Math.floor(size / 10) }, (_, n) => [`x-${n}`, 'v']);
        const headers = {
          authorization,
          ...Object.fromEntries(names),
          'if-none-match': Array(Math.floor(size / 10)).fill('"1"'),
        };
        return () => world.app.inject({ url: orderUrl, headers });
      }, headerBytes);
    },
    timeoutMs,
  );
});

describe('a token', () => {
  let directory: string;
  let verifier: Verifier;
  beforeAll(async () => {
    directory = join(tmpdir(), `linear-work-${process.pid}`);
    const issuer = await createLocalIssuer(directory);
    verifier = createVerifier({ jwks: issuer.jwksPath, issuer: issuer.issuer, audience: issuer.audience });
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const part = (value: string): string => Buffer.from(value).toString('base64url');
  const header = part('{"alg":"ES256"}');

  test.each<[string, (size: number) => string]>([
    ['dots', (size) => '.'.repeat(size)],
    ['a nested header', (size) => `${part('['.repeat(size / 2))}.${part('{}')}.${part('x')}`],
    ['many header members', (size) => `${part(`{${many(size / 2, (n) => `"k${n}":0`)}}`)}.e30.eA`],
    [
      'many critical names',
      (size) => `${part(`{"alg":"ES256","crit":[${many(size / 2, () => '"x"')}]}`)}.e30.eA`,
    ],
    ['a long payload', (size) => `${header}.${part(' '.repeat(size / 2))}.${part('x'.repeat(64))}`],
    ['a long signature', (size) => `${header}.${part('{}')}.${part('x'.repeat(size / 2))}`],
    ['equals signs', (size) => `${header}.e30.${'='.repeat(size)}`],
    ['many scopes', (size) => `${header}.${part(`{"scope":"${' a'.repeat(size / 4)}"}`)}.eA`],
  ])(
    'of %s',
    async (_name, shape) => {
      await expectLinear((size) => {
        const token = shape(size).slice(0, size);
        return async () => {
          try {
            await verifier.verify(token);
          } catch {
            // The verifier refuses each token. The test measures only the time.
          }
        };
      }, 8 * 1024);
    },
    timeoutMs,
  );
});

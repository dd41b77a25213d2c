/** Rows about requests of clients and attackers before an order is accepted. */
import { connect } from 'node:net';
import { orderOf } from '../support/api/api-env.ts';
import type { Product } from '../support/programs/product.ts';
import type { Case, ShownElsewhere } from './case.ts';

interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** The customer whose token is sent; without it no token is sent. */
  readonly customer?: string;
}

async function ask(product: Product, path: string, options: Ask = {}): Promise<Sent> {
  const { customer, method = 'GET', body } = options;
  const token = customer === undefined ? {} : { authorization: `Bearer ${await product.token(customer)}` };
  const headers = { ...token, ...options.headers };
  const answer = await fetch(product.url + path, { method, headers, body, redirect: 'manual' });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

const json = { 'content-type': 'application/json' };
const customer = 'requests-case';

async function place(product: Product): Promise<string> {
  const headers = { ...json, 'idempotency-key': `requests-${Date.now()}`, prefer: 'wait=10' };
  const body = JSON.stringify(orderOf());
  const answer = await ask(product, '/v1/orders', { method: 'POST', headers, body, customer });
  return (JSON.parse(answer.body) as { id: string }).id;
}

/** The fault if the response has another status; otherwise null. */
function unless(status: number, { status: is, body }: Sent, what = 'it'): string | null {
  return is === status ? null : `${what} is answered with ${is}: ${body.slice(0, 200)}`;
}

/** Sends the request and returns the duration of a concurrent one, in ms. */
async function besideMs(product: Product, send: () => Promise<Sent>): Promise<number> {
  await ask(product, '/openapi.json');
  const hostile = send();
  const startMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await ask(product, '/openapi.json');
  const ms = performance.now() - startMs;
  await hostile;
  return ms;
}

/**
 * Sends a whole body before it reads anything, as many clients do. Returns the beginning of the response, or
 * the error.
 */
async function sendThenRead(product: Product, body: Buffer): Promise<string> {
  const { hostname, port } = new URL(product.url);
  const token = await product.token(customer);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const end = (result: string): void => {
      socket.destroy();
      resolve(result);
    };
    socket.pause();
    socket.once('error', ({ message }) => end(message));
    socket.once('close', () => end('a closed connection'));
    socket.once('data', (bytes) => end(String(bytes).slice(0, 12)));
    socket.write(
      `POST /v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body, () => socket.resume());
  });
}

/**
 * Before the repair, the code took 3 s for the first of the two. On a busy machine a normal request takes
 * some hundreds of milliseconds.
 */
const besideMsMax = 1_500;

export const requestCases: readonly Case[] = [
  {
    id: 'S1',
    holds: 'A long number in a body delays no other request',
    async run(product) {
      const send = (): Promise<Sent> =>
        ask(product, '/v1/orders', {
          method: 'POST',
          headers: { ...json, 'idempotency-key': 'k' },
          body: `{"a":1${'0'.repeat(60_000)}1}`,
          customer,
        });
      const ms = await besideMs(product, send);
      if (ms > besideMsMax) return `another request took ${Math.round(ms)} ms`;
      return unless(400, await send());
    },
  },
  {
    id: 'S2',
    holds: 'Spaces in Content-Type delay no other request',
    async run(product) {
      const headers = { 'content-type': `application/json${' '.repeat(14_500)};x`, 'idempotency-key': 'k' };
      const send = (): Promise<Sent> =>
        ask(product, '/v1/orders', { method: 'POST', headers, body: '{}', customer });
      const sendMany = async (): Promise<Sent> => (await Promise.all(Array.from({ length: 15 }, send)))[0]!;
      const ms = await besideMs(product, sendMany);
      if (ms > besideMsMax) return `another request took ${Math.round(ms)} ms`;
      return unless(415, await send());
    },
  },
  {
    id: 'C4',
    holds: 'A client that sends a body beyond the limit reads 413',
    async run(product) {
      const status = await sendThenRead(product, Buffer.alloc(6 * 1024 * 1024, ' '));
      return status === 'HTTP/1.1 413' ? null : `the client sees ${status}`;
    },
  },
  {
    id: 'C5',
    holds: 'An empty body or {} counts as none if none is expected',
    async run(product) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const cancel = await ask(product, `/v1/orders/${await place(product)}/cancel`, {
        method: 'POST',
        headers,
        body: '',
        customer,
      });
      const enable = { method: 'POST', headers: json, body: '{}', customer };
      const enabled = await ask(product, '/v1/webhook-endpoints/we_none/enable', enable);
      const deleted = await ask(product, '/v1/webhook-endpoints/we_none', { ...enable, method: 'DELETE' });
      return (
        unless(202, cancel, 'a cancel') ?? unless(404, enabled, 'enable') ?? unless(404, deleted, 'DELETE')
      );
    },
  },
  {
    id: 'C6',
    holds: 'An order id in upper case names the same order',
    async run(product) {
      const id = await place(product);
      return unless(200, await ask(product, `/v1/orders/${id.toUpperCase()}`, { customer }));
    },
  },
  {
    id: 'C10',
    holds: 'One wrong member of metadata is one error',
    async run(product) {
      const body = JSON.stringify({ ...orderOf(), metadata: { n: 1 } });
      const headers = { ...json, 'idempotency-key': 'k' };
      const answer = await ask(product, '/v1/orders', { method: 'POST', headers, body, customer });
      const { errors } = JSON.parse(answer.body) as { errors: unknown[] };
      return errors.length === 1 ? null : `there are ${errors.length}: ${answer.body}`;
    },
  },
  {
    id: 'C11',
    holds: 'Broken JSON has a position, and every invalid query parameter is listed',
    async run(product) {
      const headers = { ...json, 'idempotency-key': 'k' };
      const broken = await ask(product, '/v1/orders', {
        method: 'POST',
        headers,
        body: '{\n "a": }',
        customer,
      });
      if (!broken.body.includes('line 2, column 7')) return `the body's answer is ${broken.body}`;
      const query = await ask(product, '/v1/orders?limit=1000&status=NO', { customer });
      const { errors } = JSON.parse(query.body) as { errors: { parameter?: string }[] };
      const named = errors.map(({ parameter }) => parameter).join(', ');
      return named === 'limit, status' ? null : `the query's answer is ${query.body}`;
    },
  },
  {
    id: 'C12',
    holds: 'HEAD is answered like GET, and / leads to /docs',
    async run(product) {
      const path = `/v1/orders/${await place(product)}`;
      const head = await ask(product, path, { method: 'HEAD', customer });
      const docs = await ask(product, '/docs', { method: 'HEAD' });
      const root = await ask(product, '/');
      const leads = root.headers.get('location') === '/docs' ? null : 'the root redirects nowhere';
      return unless(200, head, 'HEAD of an order') ?? unless(200, docs, 'HEAD /docs') ?? leads;
    },
  },
  {
    id: 'C16',
    holds: 'A path with broken percent-encoding is 404',
    async run(product) {
      const answers = await Promise.all(
        ['%ff', '%zz', '%ff/events'].map((part) => ask(product, `/v1/orders/${part}`, { customer })),
      );
      return answers.map((answer) => unless(404, answer)).find((problem) => problem !== null) ?? null;
    },
  },
];

export const requestsShownElsewhere: readonly ShownElsewhere[] = [
  {
    id: 'S1',
    holds: 'The work on every kind of input is linear, and no request blocks the event loop for 50 ms',
    shownBy: 'services/ingestion/linear-work.test.ts',
  },
  {
    id: 'C13',
    holds: 'The preflight of a listed origin is answered, and a browser follows an order with fetch',
    shownBy: 'services/ingestion/http/cors.test.ts',
  },
];

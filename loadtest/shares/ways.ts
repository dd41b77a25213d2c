/** The ways in which one caller can put a heavy load on the API, as texts of HTTP requests. */
import { skuName } from '../store/order-stream.ts';

export interface Way {
  readonly name: string;
  readonly connections: number;
  /** The next request. `n` makes keys and forged tokens differ. */
  request(token: string, n: number): string;
  /**
   * The next step on the connection: `again` sends the next request after the response. `cut` sends a truncated
   * request. `hold` waits.
   */
  readonly next: 'again' | 'cut' | 'hold';
}

const megabyte = 1024 * 1024;
/** An invalid signature in the form of a valid one. */
const noSignature = 'A'.repeat(86);

/** `orderId` is a decided order of the greedy caller. */
export function waysOf(orderId: string): readonly Way[] {
  const get = (path: string, token: string): string =>
    `GET ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\n\r\n`;
  return [
    { name: 'place', connections: 64, next: 'again', request: (token, n) => place(token, `g${n}`) },
    { name: 'batch', connections: 16, next: 'again', request: (token, n) => batch(token, n, 100) },
    { name: 'read', connections: 64, next: 'again', request: (token) => get(`/v1/orders/${orderId}`, token) },
    { name: 'list', connections: 32, next: 'again', request: (token) => get('/v1/orders?limit=100', token) },
    {
      name: 'wait',
      connections: 2_000,
      next: 'hold',
      request: (token) =>
        `GET /v1/orders/${orderId} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\nif-none-match: "1"\r\nprefer: wait=30\r\n\r\n`,
    },
    {
      name: 'stream',
      connections: 2_000,
      next: 'hold',
      request: (token) => get(`/v1/orders/${orderId}/events`, token),
    },
    { name: 'cut body', connections: 32, next: 'cut', request: (token) => batchHead(token, 2 * megabyte) },
    {
      name: 'forged token',
      connections: 32,
      next: 'again',
      request: (token, n) => get('/v1/orders', forged(token, n)),
    },
  ];
}

/** A request that places one order. */
export function place(token: string, key: string): string {
  return post('/v1/orders', token, `idempotency-key: ${key}\r\n`, JSON.stringify(order()));
}

/** A request that places a batch of new orders. */
export function batch(token: string, n: number, orders: number): string {
  const items = Array.from({ length: orders }, (_, i) => ({ idempotencyKey: `b${n}-${i}`, order: order() }));
  return post('/v1/orders/batch', token, '', JSON.stringify({ orders: items }));
}

function batchHead(token: string, bytes: number): string {
  const head = post('/v1/orders/batch', token, '', '').replace(
    'content-length: 0',
    `content-length: ${bytes}`,
  );
  return head + '{"orders":['.padEnd(bytes - 1_024);
}

function post(path: string, token: string, fields: string, body: string): string {
  return `POST ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n${fields}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function order(): object {
  return {
    currency: 'EUR',
    items: [{ sku: skuName(0), quantity: 1 }],
    shippingAddress: { name: 'A', line1: 'Street 1', city: 'Berlin', postalCode: '10115', country: 'DE' },
  };
}

/**
 * A forged token. It has the header of a valid token, so that the server finds its key. Its payload is new each time,
 * so that no cache has it.
 */
function forged(token: string, n: number): string {
  const payload = Buffer.from(JSON.stringify({ sub: `nobody-${n}` })).toString('base64url');
  return `${token.slice(0, token.indexOf('.'))}.${payload}.${noSignature}`;
}

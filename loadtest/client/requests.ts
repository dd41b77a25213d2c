/** Prepares requests as bytes. Only the idempotency keys change, and are overwritten in place. */
import { currency, skuName } from '../store/order-stream.ts';
import { createRandom } from '../store/random.ts';

const bodyCount = 256;
const linesMax = 5;
const quantityMax = 3;
const seed = 7;
export const keyDigits = 9;

export type RequestKind =
  | { readonly kind: 'get' }
  | { readonly kind: 'place'; readonly waitSeconds: number }
  | { readonly kind: 'batch'; readonly orders: number };

/** Returns the bytes of the next request. They are valid until the next call. */
export type NextRequest = () => Uint8Array;

export interface RequestMaker {
  /** The requests of one connection. Each connection has its own bytes, because it has one request in flight. */
  requestsOf(token: string): NextRequest;
}

interface Template {
  readonly bytes: Buffer;
  /** The index at which the digits of each key begin. */
  readonly keysAt: readonly number[];
}

/** Creates a maker of requests. `linesEach` is the number of lines of every order; by default one to five. */
export function createRequestMaker(
  keyPrefix: string,
  skuCount: number,
  what: RequestKind,
  linesEach?: number,
): RequestMaker {
  const bodies = orderBodies(skuCount, linesEach);
  const byToken = new Map<string, Template[]>();
  let made = 0;
  let asked = 0;

  const templatesOf = (token: string): Template[] => {
    const known = byToken.get(token);
    if (known !== undefined) return known;
    const texts = makeTexts(what, token, keyPrefix, bodies);
    const templates = texts.map((text) => templateOf(text, keyPrefix));
    byToken.set(token, templates);
    return templates;
  };

  return {
    requestsOf(token) {
      const templates = templatesOf(token);
      const own = Buffer.allocUnsafe(Math.max(...templates.map(({ bytes }) => bytes.length)));
      return () => {
        const { bytes, keysAt } = templates[asked++ % templates.length]!;
        bytes.copy(own);
        for (let i = 0; i < keysAt.length; i++) writeDigits(own, keysAt[i]!, made++);
        return own.subarray(0, bytes.length);
      };
    },
  };
}

const keyHole = '0'.repeat(keyDigits);

function templateOf(text: string, keyPrefix: string): Template {
  const hole = keyPrefix + keyHole;
  const keysAt: number[] = [];
  for (let at = text.indexOf(hole); at !== -1; at = text.indexOf(hole, at + 1))
    keysAt.push(at + keyPrefix.length);
  return { bytes: Buffer.from(text, 'latin1'), keysAt };
}

/** Writes `value` in decimal over the digits of a key. */
export function writeDigits(bytes: Buffer, at: number, value: number): void {
  let rest = value;
  for (let i = at + keyDigits - 1; i >= at; i--) {
    bytes[i] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

function makeTexts(what: RequestKind, token: string, keyPrefix: string, bodies: readonly string[]): string[] {
  const key = keyPrefix + keyHole;
  switch (what.kind) {
    case 'get':
      return ['GET /static HTTP/1.1\r\nhost: bench\r\n\r\n'];
    case 'place': {
      const prefer = what.waitSeconds > 0 ? `prefer: wait=${what.waitSeconds}\r\n` : '';
      return bodies.map((body) => post('/v1/orders', token, `idempotency-key: ${key}\r\n${prefer}`, body));
    }
    case 'batch': {
      const { orders } = what;
      return Array.from({ length: Math.ceil(bodyCount / orders) }, (_, batch) => {
        const items = Array.from(
          { length: orders },
          (_, i) => `{"idempotencyKey":"${key}","order":${bodies[(batch * orders + i) % bodyCount]!}}`,
        );
        return post('/v1/orders/batch', token, '', `{"orders":[${items.join(',')}]}`);
      });
    }
  }
}

function post(path: string, token: string, fields: string, body: string): string {
  return `POST ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n${fields}content-length: ${body.length}\r\n\r\n${body}`;
}

/** Creates the bodies of orders in ASCII, so that their lengths in characters and in bytes are equal. */
export function orderBodies(skuCount: number, linesEach?: number): string[] {
  const random = createRandom(seed);
  return Array.from({ length: bodyCount }, (_, index) =>
    JSON.stringify({
      currency,
      items: Array.from({ length: linesEach ?? 1 + (random() % linesMax) }, () => ({
        sku: skuName(random() % skuCount),
        quantity: 1 + (random() % quantityMax),
      })),
      shippingAddress: {
        name: `Customer ${index}`,
        line1: `Street ${index}`,
        city: 'Berlin',
        postalCode: '10115',
        country: 'DE',
      },
      contact: { email: `customer${index}@example.com` },
    }),
  );
}

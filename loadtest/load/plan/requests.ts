/** Makes orders, and the bytes of the requests that place them. */
import { randomBytes } from 'node:crypto';
import type { Random } from '../../store/random.ts';
import type { Products } from './products.ts';
import type { Choice } from './scenarios.ts';
import { createZipf } from './zipf.ts';

/** An order that is to be placed. */
export interface Order {
  readonly key: string;
  /** JSON in ASCII. */
  readonly body: string;
}

/** The API of an installation, as the bytes of a request name it. */
export interface Site {
  /** The field `host`. */
  readonly host: string;
  /** Path in front of the routes, without a final slash. */
  readonly prefix: string;
}

/** No contact: a customer of a load gets no mail. */
const shippingAddress = JSON.stringify({
  name: 'Load Test',
  line1: '1 Sample Street',
  city: 'Berlin',
  postalCode: '10115',
  country: 'DE',
});

/** A prefix of idempotency keys that no other run has. */
export function newKeyPrefix(scenario: string): string {
  return `load-${scenario}-${randomBytes(6).toString('hex')}-`;
}

/** Returns the next order. Its products and quantities depend only on the random numbers. */
export function createOrders(
  keyPrefix: string,
  { currency, skus }: Products,
  { exponent, linesMax, quantityMax }: Choice,
  random: Random,
): () => Order {
  const sample = createZipf(skus.length, exponent, random);
  const names = skus.map((sku) => JSON.stringify(sku));
  let made = 0;
  return () => {
    const lines: string[] = [];
    for (let missing = 1 + (random() % linesMax); missing > 0; missing--)
      lines.push(`{"sku":${names[sample()]!},"quantity":${1 + (random() % quantityMax)}}`);
    made += 1;
    const body = `{"currency":"${currency}","items":[${lines.join(',')}],"shippingAddress":${shippingAddress}}`;
    return { key: keyPrefix + made, body };
  };
}

/** One order as it is, several as a batch. */
export function encodeRequest({ host, prefix }: Site, token: string, orders: readonly Order[]): Buffer {
  const [first] = orders;
  const fields = `host: ${host}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`;
  if (orders.length === 1)
    return post(`${prefix}/v1/orders`, `${fields}idempotency-key: ${first!.key}\r\n`, first!.body);
  const items = orders.map(({ key, body }) => `{"idempotencyKey":"${key}","order":${body}}`);
  return post(`${prefix}/v1/orders/batch`, fields, `{"orders":[${items.join(',')}]}`);
}

function post(path: string, fields: string, body: string): Buffer {
  const head = `POST ${path} HTTP/1.1\r\n${fields}content-length: ${body.length}\r\n\r\n`;
  return Buffer.from(head + body, 'latin1');
}

/** Ready-made requests: only the idempotency key differs from one to the next. */
import { currency, skuName } from '../store/order-stream.ts';
import { createRandom } from '../store/random.ts';

const bodyCount = 256;
const linesMax = 5;
const quantityMax = 3;
const seed = 7;
const keyDigits = 9;

export interface RequestMaker {
  get(): string;
  place(token: string, waitSeconds: number): string;
  batch(token: string, orders: number): string;
}

export function createRequestMaker(keyPrefix: string, skuCount: number): RequestMaker {
  const bodies = makeBodies(skuCount);
  let made = 0;
  const nextKey = (): string => `${keyPrefix}${String(made++).padStart(keyDigits, '0')}`;
  return {
    get: () => 'GET /static HTTP/1.1\r\nhost: bench\r\n\r\n',
    place(token, waitSeconds) {
      const prefer = waitSeconds > 0 ? `prefer: wait=${waitSeconds}\r\n` : '';
      const body = bodies[made % bodyCount]!;
      return `POST /v1/orders HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\nidempotency-key: ${nextKey()}\r\n${prefer}content-length: ${body.length}\r\n\r\n${body}`;
    },
    batch(token, orders) {
      const items = Array.from(
        { length: orders },
        () => `{"idempotencyKey":"${nextKey()}","order":${bodies[made % bodyCount]!}}`,
      );
      const body = `{"orders":[${items.join(',')}]}`;
      return `POST /v1/orders/batch HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    },
  };
}

/** Orders of one to five lines, ASCII only, so that their length in characters is that in bytes. */
function makeBodies(skuCount: number): string[] {
  const random = createRandom(seed);
  return Array.from({ length: bodyCount }, (_, index) =>
    JSON.stringify({
      currency,
      items: Array.from({ length: 1 + (random() % linesMax) }, () => ({
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

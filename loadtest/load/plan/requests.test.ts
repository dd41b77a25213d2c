import { describe, expect, test } from 'vitest';
import { createRandom } from '../../store/random.ts';
import { chooseProducts, type Product } from './products.ts';
import { createOrders, encodeRequest, newKeyPrefix } from './requests.ts';
import { scenarios } from './scenarios.ts';

const catalogue: Product[] = [
  { sku: 'RARE', currency: 'EUR', stock: 3 },
  { sku: 'B', currency: 'EUR', stock: 500 },
  { sku: 'A', currency: 'EUR', stock: 500 },
  { sku: 'GONE', currency: 'EUR', stock: 0 },
  { sku: 'MOST', currency: 'EUR', stock: 9_000 },
  { sku: 'YEN', currency: 'JPY', stock: 99_999 },
];
const choiceOf = (name: string) => scenarios[name]!.choice;

interface Body {
  readonly currency: string;
  readonly items: readonly { sku: string; quantity: number }[];
}

function bodiesOf(name: string, count: number, seed = 1): Body[] {
  const choice = choiceOf(name);
  const next = createOrders('k-', chooseProducts(catalogue, choice, count), choice, createRandom(seed));
  return Array.from({ length: count }, () => JSON.parse(next().body) as Body);
}

describe('products', () => {
  test('are those of the most common currency that have stock, the product with the most stock first', () => {
    expect(chooseProducts(catalogue, choiceOf('steady'), 10)).toEqual({
      currency: 'EUR',
      skus: ['MOST', 'A', 'B', 'RARE'],
    });
  });

  test.each([
    // An order asks for 10.5 units on average, and products with half of these units are chosen.
    [1, ['RARE']],
    [100, ['B', 'RARE']],
    [1_000_000, ['MOST', 'A', 'B', 'RARE']],
  ])('that sell out with %i orders are %j', (orders, skus) => {
    expect(chooseProducts(catalogue, choiceOf('sold-out'), orders).skus).toEqual(skus);
  });

  test('need a product with stock', () => {
    const none = catalogue.map((product) => ({ ...product, stock: 0 }));
    expect(() => chooseProducts(none, choiceOf('steady'), 1)).toThrow(
      'the catalogue has no product with stock',
    );
  });
});

describe('orders', () => {
  test('have one to four lines with quantities of one to three', () => {
    const bodies = bodiesOf('steady', 2_000);
    expect(new Set(bodies.map(({ items }) => items.length))).toEqual(new Set([1, 2, 3, 4]));
    expect(new Set(bodies.flatMap(({ items }) => items.map(({ quantity }) => quantity)))).toEqual(
      new Set([1, 2, 3]),
    );
  });

  test('have keys that no other order has', () => {
    const { choice } = scenarios['steady']!;
    const products = chooseProducts(catalogue, choice, 10);
    const keys = [newKeyPrefix('steady'), newKeyPrefix('steady')].flatMap((keyPrefix) => {
      const next = createOrders(keyPrefix, products, choice, createRandom(1));
      return Array.from({ length: 10 }, () => next().key);
    });
    expect(new Set(keys).size).toBe(20);
  });

  test('of hot-sku ask for the first product in five of six lines', () => {
    const lines = bodiesOf('hot-sku', 2_000).flatMap(({ items }) => items);
    const share = lines.filter(({ sku }) => sku === 'MOST').length / lines.length;
    // 1 / (1 + 1/8 + 1/27 + 1/64) = 0.849
    expect(share).toBeGreaterThan(0.83);
    expect(share).toBeLessThan(0.87);
  });

  test('are the same for the same seed', () => {
    expect(bodiesOf('steady', 50, 7)).toEqual(bodiesOf('steady', 50, 7));
    expect(bodiesOf('steady', 50, 7)).not.toEqual(bodiesOf('steady', 50, 8));
  });
});

describe('requests', () => {
  const site = { host: 'shop.example:8443', prefix: '/shop' };
  const orders = [
    { key: 'k-1', body: '{"a":1}' },
    { key: 'k-2', body: '{"b":2}' },
  ];
  const textOf = (count: number): string =>
    encodeRequest(site, 'tok', orders.slice(0, count)).toString('latin1');

  test('with one order have its key in the header', () => {
    expect(textOf(1)).toBe(
      'POST /shop/v1/orders HTTP/1.1\r\nhost: shop.example:8443\r\nauthorization: Bearer tok\r\n' +
        'content-type: application/json\r\nidempotency-key: k-1\r\ncontent-length: 7\r\n\r\n{"a":1}',
    );
  });

  test('with several orders are a batch', () => {
    const [head, body] = textOf(2).split('\r\n\r\n') as [string, string];
    expect(head).toContain('POST /shop/v1/orders/batch HTTP/1.1\r\n');
    expect(head).toContain(`content-length: ${body.length}`);
    expect(JSON.parse(body)).toEqual({
      orders: [
        { idempotencyKey: 'k-1', order: { a: 1 } },
        { idempotencyKey: 'k-2', order: { b: 2 } },
      ],
    });
  });
});

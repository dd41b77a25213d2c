/**
 * No request blocks the event loop for long, neither the largest valid batch nor a hostile body. The test compares
 * the processor time of the thread with work of a known length. So the bound is the same on a slow machine.
 */
import { describe, expect, test } from 'vitest';
import { longestHoldMs, slowness } from '../../../../tests/support/processor-time.ts';
import { createFakeWorld, placeRequest, sampleOrder } from '../../testing/fake-world.ts';

const holdMsMax = 50;
const batchBytesMax = 2 * 1024 * 1024;
/** The first runs may be slow, because the engine has not compiled the code yet. */
const runsMax = 4;

/** A batch of as many items as fit, at most 500. */
function batchOf(item: (n: number) => string): string {
  const items: string[] = [];
  for (let n = 0, bytes = 16; n < 500; n++) {
    const text = item(n);
    bytes += Buffer.byteLength(text) + 1;
    if (bytes > batchBytesMax) break;
    items.push(text);
  }
  return `{"orders":[${items.join(',')}]}`;
}

const place = (n: number, more: object): string =>
  JSON.stringify({ idempotencyKey: `k${n}`, order: { ...sampleOrder(), ...more } });
const lines = (count: number, more: object = {}): object[] =>
  Array.from({ length: count }, (_, n) => ({ sku: `S${n}`, quantity: 1, ...more }));
const metadata = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`"${n}`, 'é"'.repeat(60)]));
const members = (bytes: number): string =>
  `{${Array.from({ length: bytes / 12 }, (_, n) => `"k${n}":0`).join(',')}}`;

describe('no long block of the event loop by', () => {
  test.each<[string, number, () => string]>([
    ['the batch of the most orders and lines', 200, () => batchOf((n) => place(n, { items: lines(100) }))],
    [
      'the batch of the largest lines',
      200,
      () => batchOf((n) => place(n, { items: lines(100, { expectedUnitPrice: 9e15 }), metadata })),
    ],
    ['a batch with much metadata', 200, () => batchOf((n) => place(n, { metadata }))],
    ['a batch of bad lines', 200, () => batchOf((n) => place(n, { items: Array(2_000).fill(0) }))],
    ['a batch of unknown members', 200, () => batchOf((n) => place(n, JSON.parse(members(5_000))))],
    ['a batch of large objects', 200, () => batchOf(() => members(60_000))],
    ['a batch of small arrays', 200, () => batchOf(() => `[${'[],'.repeat(20_000)}[]]`)],
    ['a batch of long numbers', 200, () => batchOf(() => `[1${'0'.repeat(60_000)}1]`)],
    ['a batch of escapes', 200, () => batchOf(() => `["${'\\n'.repeat(30_000)}"]`)],
    ['a batch that is cut off', 400, () => batchOf((n) => place(n, { items: lines(100) })).slice(0, -9)],
    ['one large object', 400, () => members(batchBytesMax - 100)],
    ['many small arrays', 400, () => `[${'[],'.repeat(690_000)}[]]`],
    ['a long number', 400, () => `{"orders":[1],"a":1${'0'.repeat(60_000)}1}`],
    ['spaces', 400, () => ' '.repeat(batchBytesMax)],
  ])(
    '%s',
    async (_name, status, shape) => {
      const payload = Buffer.from(shape());
      const boundMs = holdMsMax * slowness();
      let leastMs = Number.POSITIVE_INFINITY;
      for (let run = 0; run < runsMax && leastMs >= boundMs; run++) {
        const { app } = createFakeWorld({ ordersPerSecond: 10_000_000, burstOrders: 10_000_000 });
        const request = { ...placeRequest('k', payload), url: '/v1/orders/batch' };
        await app.ready();
        const holdMs = await longestHoldMs(async () => {
          const answer = await app.inject(request);
          expect(answer.statusCode, answer.body.slice(0, 300)).toBe(status);
        });
        leastMs = Math.min(leastMs, holdMs);
      }
      expect(leastMs).toBeLessThan(boundMs);
    },
    60_000,
  );
});

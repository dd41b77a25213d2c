/** Lists of an order's payments, refunds, shipments and returns, on fakes. */
import { describe, expect, test } from 'vitest';
import { sampleRecords } from '../../../testing/fake-records.ts';
import { createFakeWorld, fakeTokens, placeRequest } from '../../../testing/fake-world.ts';

const at = '2026-01-05T08:00:00.000Z';
const paymentId = sampleRecords.payments[0]!.paymentId;
const { refundId } = sampleRecords.refunds[0]!;

/** A decided order with one record of each kind. */
async function openWorld() {
  const world = createFakeWorld();
  const { id, statusUrl } = (await world.app.inject(placeRequest('k1'))).json();
  const get = (path: string, token = fakeTokens.c1) =>
    world.app.inject({ url: `/v1/orders/${id}/${path}`, headers: { authorization: `Bearer ${token}` } });
  return { world, id, query: statusUrl.split('?')[1] as string, get };
}

async function openDecided() {
  const opened = await openWorld();
  opened.world.decide(opened.id, 'DELIVERED');
  Object.assign(opened.world.records, sampleRecords);
  return opened;
}

describe('records of an order', () => {
  test('are shown with every member that they have', async () => {
    const { get } = await openDecided();
    expect((await get('payments')).json()).toEqual({
      items: [
        {
          ...{ number: 1, id: paymentId, provider: 'local', providerPaymentId: 'pay_1' },
          ...{ amount: 500, currency: 'EUR', disposition: 'SETTLES', receivedAt: at },
        },
      ],
    });
    expect((await get('refunds')).json()).toEqual({
      items: [
        {
          ...{ number: 1, id: refundId, paymentId, amount: 250, currency: 'EUR', status: 'FAILED' },
          ...{ reason: 'RETURNED', lines: [{ line: 1, quantity: 1 }], shipping: true, provider: 'manual' },
          ...{ providerRefundId: 'bank-1', failureCode: 'closed', retryOf: paymentId, retried: true },
          ...{ requestedAt: at, settledAt: at },
        },
      ],
    });
    expect((await get('shipments')).json()).toEqual({
      items: [
        {
          ...{ number: 1, lines: [{ line: 1, quantity: 2 }], carrier: 'Post', trackingNumber: 'T-1' },
          ...{ shippedAt: at, deliveredAt: at },
        },
      ],
    });
    expect((await get('returns')).json()).toEqual({
      items: [{ number: 1, lines: [{ line: 1, quantity: 1, restock: 0 }], refundId, returnedAt: at }],
    });
  });

  test('omit members that are not known yet', async () => {
    const { world, get } = await openDecided();
    const nothing = { providerRefundId: null, failureCode: null, retryOf: null, settledAtMs: null };
    world.records.refunds = [{ ...sampleRecords.refunds[0]!, ...nothing, lines: [] }];
    world.records.shipments = [
      { ...sampleRecords.shipments[0]!, carrier: null, trackingNumber: null, deliveredAtMs: null },
    ];
    world.records.returns = [{ ...sampleRecords.returns[0]!, refundId: null }];
    expect(Object.keys((await get('refunds')).json().items[0])).not.toEqual(
      expect.arrayContaining(['providerRefundId']),
    );
    expect((await get('refunds')).json().items[0]).toMatchObject({ lines: [], requestedAt: at });
    expect(Object.keys((await get('shipments')).json().items[0])).toEqual(['number', 'lines', 'shippedAt']);
    expect(Object.keys((await get('returns')).json().items[0])).toEqual(['number', 'lines', 'returnedAt']);
  });

  test('come in pages, and a cursor continues only its own list', async () => {
    const { world, get } = await openDecided();
    world.records.payments = [1, 2, 3].map((number) => ({ ...sampleRecords.payments[0]!, number }));
    const first = (await get('payments?limit=2')).json();
    expect(first.items.map(({ number }: { number: number }) => number)).toEqual([1, 2]);
    const second = (await get(`payments?limit=2&cursor=${first.nextCursor}`)).json();
    expect(second).toMatchObject({ items: [{ number: 3 }] });
    expect(second).not.toHaveProperty('nextCursor');
    expect((await get(`refunds?cursor=${first.nextCursor}`)).json()).toMatchObject({
      code: 'CURSOR_UNKNOWN',
    });
    expect((await get('payments?limit=0')).json()).toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  test.each(['payments', 'refunds', 'shipments', 'returns'])(
    '%s need the scope, the owner or an operator, and the database',
    async (path) => {
      const { world, id, query, get } = await openWorld();
      expect((await get(path)).statusCode).toBe(404);
      expect((await get(`${path}?${query}`)).json()).toEqual({ items: [] });
      world.decide(id);
      expect((await get(path)).statusCode).toBe(200);
      expect((await get(path, fakeTokens.ops)).statusCode).toBe(200);
      expect((await get(path, fakeTokens.c2)).statusCode).toBe(404);
      expect((await get(path, fakeTokens.hooks)).statusCode).toBe(403);
      world.mysqlAway = true;
      expect((await get(path)).json()).toMatchObject({ status: 503, code: 'STATE_UNAVAILABLE' });
    },
  );
});

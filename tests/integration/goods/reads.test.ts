/** What the API shows of an order's goods and money, and of stock, on real servers. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DecidedOrder, OrderstreamClient } from '../../../cli/client/index.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import {
  adjustCommand,
  deliverCommand,
  goodsIssuedAtMs,
  refundCommand,
  returnCommand,
  shipCommand,
} from '../../support/arena/goods-commands.ts';
import { sendAll } from '../../support/arena/load.ts';
import { confirmCommand } from '../../support/arena/money-commands.ts';
import { orderstream } from '../../support/programs/command-line.ts';
import { testStack, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('goods-reads');
const topicPrefix = useTopicPrefix('goods-reads');
const sku = 'SKU-1';
/** 4 units of 250. */
const total = 1_000;
let world: ApiWorld;
let owner: OrderstreamClient;
let stranger: OrderstreamClient;
let operator: OrderstreamClient;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix, mysqlUrl: database().url });
  await world.arena.startWorker();
  const api = await world.startApi();
  owner = world.clientOf(api, 'c1');
  stranger = world.clientOf(api, 'c2');
  operator = world.clientOf(api, 'operator', ['orders:ops']);
});
afterAll(() => world?.close());

async function placeOrder(key: string): Promise<string> {
  const { data } = await owner.POST('/v1/orders', {
    params: placeHeaders(key, 20),
    body: orderOf(4, sku),
  });
  expect(data).toMatchObject({ status: 'PENDING_PAYMENT', units: { ordered: 4, shipped: 0 } });
  return data!.id;
}

const pathOf = (id: string) => ({ params: { path: { id } } });
const orderAt = async (id: string) => (await owner.GET('/v1/orders/{id}', pathOf(id))).data as DecidedOrder;

test('an order shows its progress, and lists what was paid, shipped, returned and refunded', async () => {
  const id = await placeOrder('lists');
  const before = await stockOf(sku);
  await sendAll(world.arena, [
    confirmCommand(id, 'pay-1', total),
    confirmCommand(id, 'pay-2', 300),
    shipCommand(id, 3, 'a'),
    deliverCommand(id, 1),
    shipCommand(id, 1, 'b'),
    refundCommand(id, { amount: 100 }),
    returnCommand(id, 2, 1),
  ]);

  expect(await orderAt(id)).toMatchObject({
    status: 'SHIPPED',
    version: 8,
    items: [{ line: 1, quantity: 4, cancelled: 0, shipped: 4, returned: 2, refunded: 2 }],
    money: { received: 1_300, refundPending: 900, refunded: 0, disputed: 0 },
    units: { ordered: 4, cancelled: 0, shipped: 4, returned: 2, restocked: 1 },
  });
  const payments = (await owner.GET('/v1/orders/{id}/payments', pathOf(id))).data!.items;
  expect(payments).toMatchObject([
    { number: 1, providerPaymentId: 'pay-1', amount: total, currency: 'EUR', disposition: 'SETTLES' },
    { number: 2, providerPaymentId: 'pay-2', amount: 300, disposition: 'SURPLUS' },
  ]);
  const refunds = (await owner.GET('/v1/orders/{id}/refunds', pathOf(id))).data!.items;
  expect(refunds).toMatchObject([
    { number: 1, paymentId: payments[1]!.id, amount: 300, reason: 'SURPLUS', status: 'REQUESTED' },
    { number: 2, paymentId: payments[0]!.id, amount: 100, reason: 'ON_REQUEST', lines: [], shipping: false },
    { number: 3, amount: 500, reason: 'RETURNED', lines: [{ line: 1, quantity: 2 }], retried: false },
  ]);
  const shipments = (await owner.GET('/v1/orders/{id}/shipments', pathOf(id))).data!.items;
  const delivered = new Date(goodsIssuedAtMs).toISOString();
  expect(shipments).toMatchObject([
    {
      number: 1,
      lines: [{ line: 1, quantity: 3 }],
      carrier: 'Post',
      trackingNumber: 'T-a',
      deliveredAt: delivered,
    },
    { number: 2, lines: [{ line: 1, quantity: 1 }], trackingNumber: 'T-b' },
  ]);
  expect(shipments[1]).not.toHaveProperty('deliveredAt');
  const returns = (await owner.GET('/v1/orders/{id}/returns', pathOf(id))).data!.items;
  expect(returns).toMatchObject([
    { number: 1, lines: [{ line: 1, quantity: 2, restock: 1 }], refundId: refunds[2]!.id },
  ]);

  // Three of four units left for good; one of the returned units can be sold again.
  expect(await stockOf(sku)).toEqual({
    available: before.available + 1,
    committed: before.committed - 4,
    onHand: before.onHand - 3,
  });
});

test('a list comes in pages, only for the owner of the order', async () => {
  const id = await placeOrder('pages');
  const amounts = [total, 1, 2, 3, 4];
  await sendAll(
    world.arena,
    amounts.map((amount) => confirmCommand(id, `page-${amount}`, amount)),
  );
  const path = { id };
  const numbers: number[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: 2, ...(cursor === undefined ? {} : { cursor }) };
    const { data } = await owner.GET('/v1/orders/{id}/payments', { params: { path, query } });
    numbers.push(...data!.items.map(({ number }) => number));
    cursor = data!.nextCursor;
  } while (cursor !== undefined);
  expect(numbers).toEqual([1, 2, 3, 4, 5]);
  for (const url of ['payments', 'refunds', 'shipments', 'returns'] as const) {
    const { response } = await stranger.GET(`/v1/orders/{id}/${url}`, pathOf(id));
    expect([url, response.status]).toEqual([url, 404]);
  }
});

test('the stock of a SKU counts what orders hold, and each adjustment once', async () => {
  const before = await stockOf(sku);
  await placeOrder('stock');
  expect(await stockOf(sku)).toEqual({
    ...before,
    available: before.available - 4,
    committed: before.committed + 4,
  });
  await sendAll(world.arena, [
    adjustCommand(sku, -10, 'a'),
    adjustCommand(sku, -10, 'a'),
    adjustCommand(sku, 7, 'b'),
    adjustCommand(sku, -1_000_000_000, 'c'),
  ]);
  expect(await stockOf(sku)).toEqual({
    available: before.available - 7,
    committed: before.committed + 4,
    onHand: before.onHand - 3,
  });
  const none = await operator.GET('/v1/stock/{sku}', { params: { path: { sku: 'NONE' } } });
  expect(none.error).toMatchObject({ status: 404, code: 'STOCK_NOT_FOUND' });
  const denied = await owner.GET('/v1/stock/{sku}', { params: { path: { sku } } });
  expect(denied.response.status).toBe(403);
});

test('an operator adjusts stock; the same key is the same adjustment, also on the command line', async () => {
  const before = await stockOf('SKU-2');
  const adjust = (delta: number, key = 'a1') =>
    operator.POST('/v1/stock/{sku}/adjustments', {
      params: { path: { sku: 'SKU-2' }, ...placeHeaders(key, 20) },
      body: { delta, reason: 'counted' },
    });
  const first = await adjust(40);
  expect([first.response.status, first.data]).toMatchObject([
    200,
    { type: 'ADJUST_STOCK', outcome: 'APPLIED' },
  ]);
  const again = await adjust(40);
  expect([again.data, again.response.headers.get('idempotent-replayed')]).toEqual([first.data, 'true']);
  expect((await adjust(41)).error).toMatchObject({ status: 422, code: 'KEY_REUSED' });
  const tooMuch = await adjust(-before.available - 41, 'a2');
  expect(tooMuch.data).toMatchObject({ outcome: 'REFUSED', reason: { code: 'STOCK_TOO_LOW' } });
  const path = { sku: 'SKU-2', commandId: tooMuch.data!.id };
  const stored = await operator.GET('/v1/stock/{sku}/commands/{commandId}', { params: { path } });
  expect(stored.data).toEqual(tooMuch.data);
  const args = ['stock', 'add', 'SKU-2', '40', '--reason', 'counted', '--key', 'a1'];
  const cli = await orderstream({ name: testStack().name, env: world.arena.env }, args);
  expect(cli).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^done before with this key: added 40 /),
  });
  expect(await stockOf('SKU-2')).toEqual({
    ...before,
    available: before.available + 40,
    onHand: before.onHand + 40,
  });
});

async function stockOf(name: string): Promise<{ available: number; committed: number; onHand: number }> {
  const { data } = await operator.GET('/v1/stock/{sku}', { params: { path: { sku: name } } });
  const { sku: shown, ...level } = data!;
  expect(shown).toBe(name);
  return level;
}

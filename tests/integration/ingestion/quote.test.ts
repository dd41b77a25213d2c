/** A quote has exactly the price that the order then gets, or the reason for which the order is rejected. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { importCatalogue } from '../../../cli/catalogue/import.ts';
import { readCatalogue } from '../../../cli/catalogue/read-catalogue.ts';
import type { DecidedOrder, OrderstreamClient } from '../../../cli/client/index.ts';
import { importCoupons } from '../../../cli/coupons/import.ts';
import { readCoupons } from '../../../cli/coupons/read-coupons.ts';
import { withDatabase } from '../../../cli/database.ts';
import { importRates } from '../../../cli/rates/import.ts';
import { readShippingRates, readTaxRates } from '../../../cli/rates/read-rates.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { unique, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('quote');
const database = useDatabase('quote');
let world: ApiWorld;
let client: OrderstreamClient;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
  await world.arena.startWorker();
  client = world.clientOf(await world.startApi(), 'c1');
  await withDatabase(database().url, async (db) => {
    const products =
      'sku,name,unit_price_minor,currency,stock,weight_grams,breaks\nSKU-1,Tea,1000,EUR,1,100,5:900\n';
    await importCatalogue(db, readCatalogue(products), { nowMs: 1 });
    const coupons =
      'code,kind,percent_bp,valid_through,total_limit,customer_limit\n' +
      'TEN,percent,1000,,,\nONCE,percent,5000,,,1\nONE,percent,5000,,1,\nOLD,percent,5000,2020-01-01,,\n';
    await importCoupons(db, readCoupons(coupons), { nowMs: 1 });
    const tax = readTaxRates('country,region,category,rate_ppm,inclusive\n*,*,*,200000,no\n');
    const shipping = readShippingRates('country,currency,weight_up_to_grams,amount_minor\n*,EUR,1000,500\n');
    await importRates(db, { tax, shipping }, { nowMs: 1 });
  });
});
afterAll(() => world.close());

type Request = ReturnType<typeof orderOf>;

const quote = async (body: Request) => (await client.POST('/v1/orders/quote', { body })).data!;

async function place(body: Request, as = client): Promise<DecidedOrder> {
  const { data } = await as.POST('/v1/orders', { params: placeHeaders(unique('k'), 10), body });
  return data as DecidedOrder;
}

test.each([
  ['a plain order', { quantity: 4 }, 4_000, 0, 900, 5_400],
  ['a quantity break', { quantity: 5 }, 4_500, 0, 1_000, 6_000],
  ['a coupon', { quantity: 5, couponCode: 'TEN' }, 4_500, 450, 910, 5_460],
])('%s costs what the quote says', async (_name, { quantity, ...more }, subtotal, discount, tax, total) => {
  const body = { ...orderOf(quantity), ...more };
  const { totals, reason } = await quote(body);
  expect(totals).toEqual({ subtotal, discount, shipping: 500, tax, taxIncluded: 0, total });
  expect(reason).toBeUndefined();
  const placed = await place({ ...body, expectedTotal: total });
  expect(placed).toMatchObject({ status: 'PENDING_PAYMENT', totals });
  const other = { ...body, expectedTotal: total + 1 };
  expect((await quote(other)).reason?.code).toBe('TOTAL_CHANGED');
  expect((await place(other)).reason?.code).toBe('TOTAL_CHANGED');
});

test.each([
  ['COUPON_UNKNOWN', { couponCode: 'NONE' }, 1],
  ['COUPON_NOT_VALID', { couponCode: 'OLD' }, 1],
  ['SHIPPING_UNAVAILABLE', {}, 11],
])('an order that is rejected with %s has this reason in its quote', async (code, more, quantity) => {
  const body = { ...orderOf(quantity), ...more };
  expect((await quote(body)).reason?.code).toBe(code);
  expect((await place(body)).reason?.code).toBe(code);
});

test('a quote says that a coupon has no use left, for all or for the customer', async () => {
  const once = { ...orderOf(1), couponCode: 'ONCE' };
  const one = { ...orderOf(1), couponCode: 'ONE' };
  expect((await quote(once)).reason).toBeUndefined();
  expect((await place(once)).status).toBe('PENDING_PAYMENT');
  expect((await place(one)).status).toBe('PENDING_PAYMENT');
  expect((await quote(once)).reason?.code).toBe('COUPON_USED');
  expect((await quote(one)).reason?.code).toBe('COUPON_EXHAUSTED');
  expect((await place(once)).reason?.code).toBe('COUPON_USED');
  expect((await place(one)).reason?.code).toBe('COUPON_EXHAUSTED');
});

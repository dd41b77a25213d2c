/**
 * Bugs that other products had with returns and refunds of units. Each is a whole life of one order, with its amounts written
 * out. The numbers are those of a list of such reports.
 */
import { describe, expect, it } from 'vitest';
import type { Product } from '../../index.ts';
import { noRules, type Rules, shippingTable, taxTable } from '../../pricing/rules.ts';
import { cancel, place } from '../../testing/commands.ts';
import { decidedIn, type Shop, shown } from '../../testing/decided.ts';
import { requestRefund, returnGoods, ship } from '../../testing/goods-commands.ts';
import { confirm } from '../../testing/money-commands.ts';
import { amount, couponOf, shippingOf, taxOf } from '../../testing/pricing.ts';

const anywhere = { country: null };
const line = (sku: string, quantity: number) => ({ sku, quantity, expectedUnitPrice: null });

/** A shop with these prices by SKU. All rates are for any country. */
function shopOf(prices: Readonly<Record<string, number>>, rules: Partial<Rules>): Shop {
  const products = new Map(
    Object.entries(prices).map(([sku, unitPrice]): [string, Product] => [
      sku,
      { sku, name: sku, unitPrice, currency: 'EUR', weightGrams: 0, taxCategory: 'standard', breaks: null },
    ]),
  );
  return { products, rules: { ...noRules, version: 1, ...rules } };
}

const couponsOf = (...coupons: Parameters<typeof couponOf>[0][]): Pick<Rules, 'coupons'> => ({
  coupons: new Map(coupons.map(couponOf).map((coupon) => [coupon.code, coupon])),
});

describe('#38: the refund of a line has its part of the discount (solidus#512, vendure#2393)', () => {
  const shop = shopOf({ SIX: 600, FOUR: 400 }, couponsOf({ code: 'TENTH' }));
  const bought = [
    place({ order: 1, lines: [line('SIX', 1), line('FOUR', 1)], couponCode: 'TENTH' }),
    confirm({ order: 1, payment: 'p1', amount: 900 }),
    ship({}),
  ];

  it('600 and 400 with a tenth off are paid back as 540 and 360', () => {
    const { events, refunds, money } = decidedIn(
      shop,
      ...bought,
      requestRefund({ id: 'r1', units: [[1, 1]] }),
      requestRefund({ id: 'r2', units: [[2, 1]] }),
      requestRefund({ id: 'r3', amount: 1 }),
    );
    expect(refunds.map(([sum]) => sum)).toEqual([540, 360]);
    expect(shown(events.at(-1)!)).toEqual(['REFUSED', 'REFUND_TOO_LARGE']);
    expect(money).toEqual([900, 900, 0]);
  });

  it('and so are returned lines', () => {
    const { refunds, status } = decidedIn(
      shop,
      ...bought,
      returnGoods({ id: 'b1', units: [[1, 1, 1]] }),
      returnGoods({ id: 'b2', units: [[2, 1, 1]] }),
    );
    expect(refunds).toEqual([
      [540, 'REQUESTED', 'RETURNED'],
      [360, 'REQUESTED', 'RETURNED'],
    ]);
    expect(status).toBe('RETURNED');
  });
});

it('#39: one of 2 units of 10000, 2000 off, a tenth of tax on top: 9900 back (medusa#15929)', () => {
  const shop = shopOf(
    { LAMP: 10_000 },
    {
      ...couponsOf({ code: 'OFF', discount: amount(2_000), currency: 'EUR' }),
      tax: taxTable([taxOf(100_000, anywhere)]),
    },
  );
  const { amounts, refunds, money } = decidedIn(
    shop,
    place({ order: 1, lines: [line('LAMP', 2)], couponCode: 'OFF' }),
    confirm({ order: 1, payment: 'p1', amount: 19_800 }),
    ship({}),
    requestRefund({ units: [[1, 1]] }),
  );
  expect(amounts).toEqual({ total: 19_800, shipping: 0, tax: 1_800 });
  expect(refunds).toEqual([[9_900, 'REQUESTED', 'ON_REQUEST']]);
  expect(money).toEqual([19_800, 9_900, 0]);
});

describe('#41: units that come back or are cancelled do not price the order again (vendure#3885)', () => {
  const shop = shopOf(
    { CUP: 550 },
    { ...couponsOf({ code: 'TENTH' }), shipping: shippingTable([shippingOf(50, anywhere)]) },
  );
  const paid = [
    place({ order: 1, lines: [line('CUP', 5)], couponCode: 'TENTH' }),
    confirm({ order: 1, payment: 'p1', amount: 2_525 }),
  ];
  const unchanged = { total: 2_525, shipping: 50, tax: 0 };

  it('two of 5 units of 550, 275 off, a shipping of 50: 990 are paid back, 1535 are kept', () => {
    const { last, ...rest } = decidedIn(shop, ...paid, ship({}), returnGoods({ units: [[1, 2, 2]] }));
    expect(last.refund).toMatchObject({ amount: 990 });
    expect(rest.amounts).toEqual(unchanged);
    expect(rest.lines).toMatchObject([{ lineTotal: 2_750, discount: 275, returned: 2, refunded: 2 }]);
    expect(rest.money![0]! - rest.money![1]!).toBe(1_535);
  });

  it('two units of a cancelled rest are paid back as 990 too', () => {
    const rest = cancel({ order: 1, actor: 'operator', customerId: null });
    const { last, amounts } = decidedIn(shop, ...paid, ship({ units: [[1, 3]] }), rest);
    expect(last).toMatchObject({ status: 'SHIPPED', refund: { amount: 990, reason: 'CANCELLED' } });
    expect(amounts).toEqual(unchanged);
  });

  it('the shipping is paid back once, and only on request', () => {
    const { events, refunds, money } = decidedIn(
      shop,
      ...paid,
      ship({}),
      returnGoods({}),
      requestRefund({ id: 'r1', shipping: true }),
      requestRefund({ id: 'r2', shipping: true }),
    );
    expect(refunds).toEqual([
      [2_475, 'REQUESTED', 'RETURNED'],
      [50, 'REQUESTED', 'ON_REQUEST'],
    ]);
    expect(shown(events.at(-1)!)).toEqual(['REFUSED', 'SHIPPING_REFUNDED']);
    expect(money).toEqual([2_525, 2_525, 0]);
  });
});

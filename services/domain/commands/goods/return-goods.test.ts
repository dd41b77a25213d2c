/** Returns, refunds on request, cancels of a rest, closing and stock, with amounts and units that are written out. */
import { describe, expect, it } from 'vitest';
import type { OrderCommand } from '../../../../schemas/index.ts';
import { cancel as cancelOf, orderIdOf, place } from '../../testing/commands.ts';
import { decided, shown } from '../../testing/decided.ts';
import {
  adjustStock,
  close,
  deliver,
  requestRefund,
  returnGoods,
  ship,
} from '../../testing/goods-commands.ts';
import { confirm, recordRefund, retryRefund } from '../../testing/money-commands.ts';

const line = (sku: string, quantity: number) => ({ sku, quantity, expectedUnitPrice: null });
/** 4 units of A: 1000. */
const placed = place({ order: 1, lines: [line('A', 4)] });
const bought = [placed, confirm({ order: 1, payment: 'p1', amount: 1_000 })];
/** 4 units of A and 2 of C: 1000 + 3998. */
const pair = [
  place({ order: 1, lines: [line('A', 4), line('C', 2)] }),
  confirm({ order: 1, payment: 'p1', amount: 4_998 }),
];
const operator = { actor: 'operator', customerId: null };
const cancel = cancelOf({ order: 1, ...operator });
const last = (...commands: OrderCommand[]) => shown(decided(...commands).last);

describe('a return', () => {
  it('of everything restocks all units and pays everything back', () => {
    const { last: event, ...rest } = decided(...bought, ship({}), deliver({}), returnGoods({}));
    expect(event).toMatchObject({
      type: 'order.returned',
      status: 'RETURNED',
      previousStatus: 'DELIVERED',
      return: { return: 1, lines: [{ line: 1, quantity: 4, restock: 4 }] },
      refund: { amount: 1_000, status: 'REQUESTED', reason: 'RETURNED', lines: [{ line: 1, quantity: 4 }] },
      units: { ordered: 4, cancelled: 0, shipped: 4, returned: 4, restocked: 4 },
      money: { received: 1_000, refundPending: 1_000, refunded: 0, disputed: 0 },
    });
    expect(event.return!.refundId).toBe(event.refund!.refundId);
    expect(rest).toMatchObject({ available: [100, 100], shipped: [0, 0], timerAtMs: null });
  });

  it('#48: of 2 units of which 1 can be sold again makes 1 available, and pays both back', () => {
    const { last: event, ...rest } = decided(...bought, ship({}), returnGoods({ units: [[1, 2, 1]] }));
    expect(shown(event)).toEqual(['order.partially_returned', 'SHIPPED']);
    expect(event.refund).toMatchObject({ amount: 500 });
    expect(rest).toMatchObject({ available: [97, 100], shipped: [3, 0], money: [1_000, 500, 0] });
  });

  it('#43: of the only unit makes it available once; a cancel afterwards is refused', () => {
    const own = [
      place({ order: 1, lines: [line('A', 1)] }),
      confirm({ order: 1, payment: 'p1', amount: 250 }),
    ];
    expect(decided(...own).available).toEqual([99, 100]);
    const { last: event, available } = decided(...own, ship({}), returnGoods({}), cancel);
    expect(shown(event)).toEqual(['REFUSED', 'ILLEGAL_CHANGE']);
    expect(available).toEqual([100, 100]);
  });

  it('of a unit that came back already is refused, also when everything is back', () => {
    const one = returnGoods({ id: 'r1', units: [[1, 3, 3]] });
    expect(last(...bought, ship({}), one, returnGoods({ id: 'r2', units: [[1, 2, 2]] }))).toEqual([
      'REFUSED',
      'QUANTITY_TOO_LARGE',
    ]);
    expect(last(...bought, ship({}), returnGoods({ id: 'r1' }), returnGoods({ id: 'r2' }))).toEqual([
      'REFUSED',
      'QUANTITY_TOO_LARGE',
    ]);
  });

  it('of a part of an order that is not shipped completely keeps it PAID', () => {
    const { last: event } = decided(...bought, ship({ units: [[1, 1]] }), returnGoods({}));
    expect(shown(event)).toEqual(['order.partially_returned', 'PAID']);
    expect(last(...bought, returnGoods({}))).toEqual(['REFUSED', 'ILLEGAL_CHANGE']);
  });

  it('of a unit that was refunded in advance pays nothing again', () => {
    const refunded = requestRefund({ units: [[1, 1]] });
    const { last: event, refunds } = decided(
      ...bought,
      ship({}),
      refunded,
      returnGoods({ id: 'r1', units: [[1, 1, 1]] }),
    );
    expect(event.refund).toBeNull();
    expect(refunds).toEqual([[250, 'REQUESTED', 'ON_REQUEST']]);
    const more = returnGoods({ id: 'r2', units: [[1, 2, 0]] });
    expect(decided(...bought, ship({}), refunded, more).last.refund).toMatchObject({
      amount: 250,
      lines: [{ line: 1, quantity: 1 }],
    });
  });

  it('pays no more than the payment has left, and is never refused for money', () => {
    const some = requestRefund({ amount: 900 });
    const { last: event } = decided(...bought, ship({}), some, returnGoods({}));
    expect(event).toMatchObject({ outcome: 'APPLIED', refund: { amount: 100 } });
    const all = requestRefund({});
    expect(decided(...bought, ship({}), all, returnGoods({})).last).toMatchObject({
      outcome: 'APPLIED',
      refund: null,
    });
  });

  it('without a refund pays nothing, and the units can be refunded later', () => {
    const { last: event, money } = decided(
      ...bought,
      ship({}),
      returnGoods({ units: [[1, 2, 2]], refund: false }),
      requestRefund({ units: [[1, 2]] }),
    );
    expect(event.refund).toMatchObject({ amount: 500 });
    expect(money).toEqual([1_000, 500, 0]);
  });
});

describe('a refund on request', () => {
  it('#37: beyond the rest is refused with what is left', () => {
    const own = [
      place({ order: 1, lines: [line('A', 40)] }),
      confirm({ order: 1, payment: 'p1', amount: 10_000 }),
    ];
    const { last: event, refunds } = decided(
      ...own,
      requestRefund({ id: 'r1', amount: 9_999 }),
      requestRefund({ id: 'r2', amount: 5_000 }),
    );
    expect(event.reason).toMatchObject({
      code: 'REFUND_TOO_LARGE',
      seen: '{"amount":5000,"refundable":1}',
    });
    expect(refunds).toEqual([[9_999, 'REQUESTED', 'ON_REQUEST']]);
  });

  it('#38, #39: of units is the part of the line with its discount, to the last cent', () => {
    // 3 units of C with a tenth off: 5997 - 600 = 5397.
    const own = [
      place({ order: 1, lines: [line('C', 3)], couponCode: 'TEN' }),
      confirm({ order: 1, payment: 'p1', amount: 5_397 }),
      ship({}),
    ];
    const each = ['r1', 'r2', 'r3'].map((id) => requestRefund({ id, units: [[1, 1]] }));
    expect(decided(...own, ...each).refunds.map(([amount]) => amount)).toEqual([1_799, 1_799, 1_799]);
    expect(last(...own, ...each, requestRefund({ id: 'r4', units: [[1, 1]] }))).toEqual([
      'REFUSED',
      'QUANTITY_TOO_LARGE',
    ]);
  });

  it('changes no status and moves no stock; a refunded unit may still be shipped', () => {
    const { events, available, version } = decided(...bought, requestRefund({ units: [[1, 1]] }), ship({}));
    expect(events.slice(2).map(shown)).toEqual([
      ['order.refund_requested', 'PAID'],
      ['order.shipped', 'SHIPPED'],
    ]);
    expect([available, version]).toEqual([[96, 100], 4]);
  });

  it('that would leave nothing of an order without a shipment is refused: cancel it instead', () => {
    expect(last(...bought, requestRefund({}))).toEqual(['REFUSED', 'CANCEL_INSTEAD']);
    expect(last(...bought, ship({ units: [[1, 1]] }), requestRefund({}))).toEqual([
      'order.refund_requested',
      'PAID',
    ]);
  });

  it('of everything stops the shipment of the rest', () => {
    const some = ship({ id: 's1', units: [[1, 1]] });
    expect(last(...bought, some, requestRefund({}), ship({ id: 's2' }))).toEqual(['REFUSED', 'NOT_PAID_FOR']);
  });

  it('without a payment, or of a shipping that costs nothing, is refused', () => {
    expect(last(placed, requestRefund({ amount: 1 }))).toEqual(['REFUSED', 'REFUND_TOO_LARGE']);
    expect(last(...bought, requestRefund({ shipping: true }))).toEqual(['REFUSED', 'REFUND_TOO_LARGE']);
    expect(last(requestRefund({ amount: 1 }))).toEqual(['REFUSED', 'ORDER_UNKNOWN']);
  });

  it('before a cancel leaves the rest to the refund of the cancel', () => {
    const { refunds, status } = decided(...bought, requestRefund({ amount: 300 }), cancel);
    expect(status).toBe('CANCELLED');
    expect(refunds).toEqual([
      [300, 'REQUESTED', 'ON_REQUEST'],
      [700, 'REQUESTED', 'CANCELLED'],
    ]);
  });

  it('#34: that failed keeps the status; its place may be taken before it is retried', () => {
    const own = [...bought, ship({}), requestRefund({ id: 'a', amount: 600 })];
    const failed = recordRefund({ order: 1, of: 'a', amount: 600, succeeded: false });
    expect(last(...own, failed)).toEqual(['order.refund_failed', 'SHIPPED']);
    const other = requestRefund({ id: 'b', amount: 600 });
    expect(last(...own, failed, other, retryRefund({ order: 1, of: 'a' }))).toEqual([
      'REFUSED',
      'REFUND_TOO_LARGE',
    ]);
  });

  it('is the hundredth at most', () => {
    const many = Array.from({ length: 101 }, (_, n) => requestRefund({ id: `r${n}`, amount: 1 }));
    expect(last(...bought, ...many)).toEqual(['REFUSED', 'TOO_MANY']);
  });
});

describe('an operator who cancels the rest of an order', () => {
  it('returns its units to stock and pays its part back; what was shipped stays', () => {
    const { last: event, ...rest } = decided(...pair, ship({ units: [[1, 3]] }), cancel);
    expect(event).toMatchObject({
      type: 'order.partially_cancelled',
      status: 'SHIPPED',
      previousStatus: 'PAID',
      cancelled: {
        lines: [
          { line: 1, quantity: 1 },
          { line: 2, quantity: 2 },
        ],
      },
      refund: { amount: 4_248, reason: 'CANCELLED' },
      units: { ordered: 6, cancelled: 3, shipped: 3, returned: 0, restocked: 0 },
    });
    expect(rest).toMatchObject({ available: [97, 100], shipped: [3, 0], money: [4_998, 4_248, 0] });
  });

  it('makes the order DELIVERED if its parcels are, with its return window', () => {
    const { status, timerAtMs } = decided(...pair, ship({ units: [[1, 3]] }), deliver({ shipment: 1 }), {
      ...cancel,
      issuedAt: 1_700_000_001_000,
    });
    expect([status, timerAtMs]).toEqual(['DELIVERED', 1_700_000_601_000]);
  });

  it('makes the order RETURNED if everything that was shipped came back', () => {
    const { status, available, money } = decided(
      ...pair,
      ship({ units: [[1, 3]] }),
      returnGoods({ units: [[1, 3, 2]] }),
      cancel,
    );
    expect([status, available, money]).toEqual(['RETURNED', [99, 100], [4_998, 4_998, 0]]);
  });

  it('keeps the coupon used', () => {
    const own = [
      place({ order: 1, lines: [line('A', 4)], couponCode: 'FEW' }),
      confirm({ order: 1, payment: 'p1', amount: 900 }),
    ];
    expect(decided(...own, ship({ units: [[1, 1]] }), cancel).last.refund).toMatchObject({ amount: 675 });
  });

  it('is refused to the customer', () => {
    expect(last(...pair, ship({ units: [[1, 1]] }), cancelOf({ order: 1 }))).toEqual([
      'REFUSED',
      'PARTLY_SHIPPED',
    ]);
  });
});

describe('closing', () => {
  const delivered = [...bought, ship({}), deliver({})];
  it('happens when the return window has ended, and not before', () => {
    expect(last(...delivered, close({ issuedAt: 1_700_000_599_999 }))).toEqual(['REFUSED', 'NOT_DUE']);
    const { last: event, timerAtMs } = decided(...delivered, close({ issuedAt: 1_700_000_600_000 }));
    expect(shown(event)).toEqual(['order.closed', 'CLOSED']);
    expect(timerAtMs).toBeNull();
  });

  it('comes after returns; a return after it is refused', () => {
    const due = close({ issuedAt: 1_700_000_600_000 });
    expect(last(...delivered, returnGoods({ units: [[1, 1, 1]] }), due)).toEqual(['order.closed', 'CLOSED']);
    expect(last(...delivered, returnGoods({}), due)).toEqual(['REFUSED', 'ILLEGAL_CHANGE']);
    expect(last(...delivered, due, returnGoods({}))).toEqual(['REFUSED', 'ILLEGAL_CHANGE']);
    expect(last(...bought, due)).toEqual(['REFUSED', 'ILLEGAL_CHANGE']);
    expect(last(...delivered, due, requestRefund({ amount: 5 }))).toEqual([
      'order.refund_requested',
      'CLOSED',
    ]);
  });
});

describe('an adjustment of stock', () => {
  it('changes the level, which its outcome tells, and no order', () => {
    const { last: event, available } = decided(placed, adjustStock({ delta: -50 }));
    expect(event).toMatchObject({
      type: 'stock.adjusted',
      outcome: 'APPLIED',
      orderId: null,
      version: 0,
      status: null,
      stock: { sku: 'A', delta: -50, available: 46 },
      money: null,
    });
    expect(available).toEqual([46, 100]);
  });

  it('never takes units that orders hold', () => {
    expect(last(placed, adjustStock({ delta: -97 }))).toEqual(['REFUSED', 'STOCK_TOO_LOW']);
    expect(last(placed, adjustStock({ delta: -96 }))).toEqual(['stock.adjusted', null]);
    const { events } = decided(adjustStock({ delta: -99 }), placed, adjustStock({ id: 'a2', delta: 3 }), {
      ...placed,
      orderId: orderIdOf(3),
    });
    expect(events.map(shown)).toEqual([
      ['stock.adjusted', null],
      ['REJECTED', 'OUT_OF_STOCK'],
      ['stock.adjusted', null],
      ['order.accepted', 'PENDING_PAYMENT'],
    ]);
  });

  it('comes once, however often its command is repeated', () => {
    const { events, available } = decided(adjustStock({ delta: 5 }), adjustStock({ delta: 5 }));
    expect(events[1]).toMatchObject({ outcome: 'DUPLICATE', version: 0 });
    expect(available).toEqual([105, 100]);
  });

  it('of an unknown SKU, or to a count, is refused', () => {
    expect(last(adjustStock({ sku: 'Z' }))).toEqual(['REFUSED', 'STOCK_UNKNOWN']);
    expect(last(adjustStock({ countedTo: 7, delta: 0 }))).toEqual(['REFUSED', 'COUNT_UNSUPPORTED']);
  });
});

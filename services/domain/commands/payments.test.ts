/**
 * Payment, failure, expiry, cancel and refunds, with amounts that are written out. Every log is decided in one batch, and
 * again with each command in a batch of its own. Both must give the same events and rows.
 */
import { describe, expect, it, test } from 'vitest';
import type { OrderCommand } from '../../../schemas/index.ts';
import { commandKey } from '../context.ts';
import { amountMax } from '../pricing/money.ts';
import { cancel, orderIdOf, place } from '../testing/commands.ts';
import { decided as decidedTwice, shown } from '../testing/decided.ts';
import { confirm, dueAtMs, expire, fail, recordRefund, retryRefund } from '../testing/money-commands.ts';

const stock = new Map([
  ['A', 100],
  ['B', 100],
]);

/** The stock of A instead of all SKUs, and only what payments change. */
function decided(...commands: OrderCommand[]) {
  const { events, last, status, version, available, payments, refunds, money } = decidedTwice(
    stock,
    ...commands,
  );
  return { events, last, status, version, available: available[0], payments, refunds, money };
}

/** An order of 20 units of A: 5000. */
const placed = place({ order: 1, lines: [{ sku: 'A', quantity: 20, expectedUnitPrice: null }] });
const free = place({ order: 1, lines: [{ sku: 'B', quantity: 3, expectedUnitPrice: null }] });
const paid = confirm({ order: 1, payment: 'p1', amount: 5000 });
const surplus = confirm({ order: 1, payment: 'p2', amount: 5000 });
const operator = { actor: 'operator', customerId: null };

describe('a payment', () => {
  it('of exactly the total pays the order', () => {
    const { last, ...rest } = decided(placed, paid);
    expect(shown(last)).toEqual(['order.paid', 'PAID']);
    expect(last).toMatchObject({
      customerId: 'customer-1',
      previousStatus: 'PENDING_PAYMENT',
      version: 2,
      payment: {
        status: 'CAPTURED',
        amount: 5000,
        currency: 'EUR',
        disposition: 'SETTLES',
        providerPaymentId: 'p1',
      },
      refund: null,
      money: { received: 5000, refundPending: 0, refunded: 0, disputed: 0 },
      units: { ordered: 20, cancelled: 0, shipped: 0, returned: 0, restocked: 0 },
    });
    expect(rest).toMatchObject({ status: 'PAID', available: 80, payments: [[5000, 'SETTLES']], refunds: [] });
  });

  it('#31: of 10 for 5000 is refunded, and the order still waits for its payment', () => {
    const { last, ...rest } = decided(placed, confirm({ order: 1, payment: 'p1', amount: 10 }));
    expect(shown(last)).toEqual(['order.payment_kept', 'PENDING_PAYMENT']);
    expect(last.refund).toMatchObject({
      amount: 10,
      currency: 'EUR',
      status: 'REQUESTED',
      reason: 'MISMATCH',
    });
    expect(rest).toMatchObject({ payments: [[10, 'MISMATCH']], money: [10, 10, 0], version: 2 });
  });

  it('in another currency is refunded, and counts in no sum of the order', () => {
    const { last, money } = decided(
      placed,
      confirm({ order: 1, payment: 'p1', amount: 5000, currency: 'USD' }),
    );
    expect(last.refund).toMatchObject({ amount: 5000, currency: 'USD', reason: 'MISMATCH' });
    expect(money).toEqual([0, 0, 0]);
  });

  it('that is not captured changes nothing', () => {
    const { last, payments } = decided(
      placed,
      confirm({ order: 1, payment: 'p1', amount: 5000, kind: 'PENDING' }),
    );
    expect(shown(last)).toEqual(['REFUSED', 'KIND_UNKNOWN']);
    expect(payments).toEqual([]);
  });

  it('#30: without an order is stored and refunded; an order that comes later waits for a payment of its own', () => {
    const { events, ...rest } = decided(paid, placed);
    expect(events.map(shown)).toEqual([
      ['REFUSED', 'PAYMENT_UNMATCHED'],
      ['order.accepted', 'PENDING_PAYMENT'],
    ]);
    expect(events[0]).toMatchObject({
      version: 0,
      status: null,
      money: null,
      payment: { amount: 5000, disposition: 'UNMATCHED' },
      refund: { amount: 5000, status: 'REQUESTED', reason: 'UNMATCHED' },
    });
    expect(rest).toMatchObject({ payments: [[5000, 'UNMATCHED']], money: [0, 0, 0], version: 1 });
  });

  it('that an order cannot hold exactly is kept like money without an order', () => {
    const whale = confirm({ order: 1, payment: 'p1', amount: amountMax });
    const { last, ...rest } = decided(placed, whale, confirm({ order: 1, payment: 'p2', amount: 1 }));
    expect(shown(last)).toEqual(['REFUSED', 'PAYMENT_UNMATCHED']);
    expect(rest).toMatchObject({
      payments: [
        [amountMax, 'MISMATCH'],
        [1, 'UNMATCHED'],
      ],
      refunds: [
        [amountMax, 'REQUESTED', 'MISMATCH'],
        [1, 'REQUESTED', 'UNMATCHED'],
      ],
      money: [amountMax, amountMax, 0],
    });
  });

  it('#29: that is known, with a new event id, changes neither stock nor version, also after a refund', () => {
    const again = confirm({ order: 1, payment: 'p1', amount: 5000, event: 'evt-2' });
    const refunded = recordRefund({ order: 1, of: 'cancel', amount: 5000 });
    const { last, ...rest } = decided(placed, paid, cancel({ order: 1 }), refunded, again);
    expect(shown(last)).toEqual(['REFUSED', 'PAYMENT_KNOWN']);
    expect(rest).toMatchObject({ status: 'CANCELLED', version: 4, available: 100, money: [5000, 0, 5000] });
  });

  it('with the same event is a duplicate', () => {
    expect(shown(decided(placed, paid, paid).last)).toEqual(['DUPLICATE', null]);
  });

  it('of an older schema is known by the id of its event', () => {
    const old = confirm({ order: 1, payment: null, amount: 5000, event: 'e1' });
    const { payments, last } = decided(
      placed,
      old,
      confirm({ order: 1, payment: 'e1', amount: 5000, event: 'e2' }),
    );
    expect(payments).toEqual([[5000, 'SETTLES']]);
    expect(shown(last)).toEqual(['REFUSED', 'PAYMENT_KNOWN']);
  });

  it('that belongs to another order is refused, and names that order', () => {
    const other = place({ order: 2, lines: [{ sku: 'A', quantity: 20, expectedUnitPrice: null }] });
    const { last, payments } = decided(
      placed,
      other,
      paid,
      confirm({ order: 2, payment: 'p1', amount: 5000 }),
    );
    expect(shown(last)).toEqual(['REFUSED', 'PAYMENT_KNOWN']);
    expect(JSON.parse(last.reason!.seen!)).toEqual({ orderId: orderIdOf(1), amount: 5000, currency: 'EUR' });
    expect(payments).toEqual([[5000, 'SETTLES']]);
  });
});

describe('an order that costs nothing', () => {
  it('#12: is accepted as PAID, has no deadline, and never expires', () => {
    const { events, ...rest } = decided(free, expire({ order: 1 }));
    expect(events.map(shown)).toEqual([
      ['order.accepted', 'PAID'],
      ['REFUSED', 'ILLEGAL_CHANGE'],
    ]);
    expect(events[0]!.order).toMatchObject({ total: 0, paymentDueAt: null });
    expect(rest).toMatchObject({ status: 'PAID', version: 1 });
  });

  it('is cancelled without a refund', () => {
    const { last, refunds } = decided(free, cancel({ order: 1 }));
    expect([shown(last), last.refund, refunds]).toEqual([['order.cancelled', 'CANCELLED'], null, []]);
  });
});

describe('a failed payment', () => {
  it('ends the order if it is final, and gives the stock back', () => {
    const { last, ...rest } = decided(placed, fail({ order: 1 }));
    expect(shown(last)).toEqual(['order.payment_failed', 'PAYMENT_FAILED']);
    expect(last.payment).toMatchObject({
      status: 'FAILED',
      amount: 5000,
      currency: 'EUR',
      disposition: null,
    });
    expect(rest).toMatchObject({ available: 100, version: 2 });
  });

  it('that is not final is noted 100 times', () => {
    const attempts = Array.from({ length: 101 }, (_, n) => fail({ order: 1, final: false, id: `fail-${n}` }));
    const { events, ...rest } = decided(placed, ...attempts);
    expect(shown(events[100]!)).toEqual(['order.payment_attempt_failed', 'PENDING_PAYMENT']);
    expect(shown(events[101]!)).toEqual(['REFUSED', 'TOO_MANY']);
    expect(rest).toMatchObject({ version: 101, available: 80 });
  });

  it('#26: of the first attempt does not cancel what the second attempt paid', () => {
    const { last, ...rest } = decided(
      placed,
      confirm({ order: 1, payment: 'B', amount: 5000 }),
      fail({ order: 1 }),
    );
    expect(shown(last)).toEqual(['REFUSED', 'ILLEGAL_CHANGE']);
    expect(rest).toMatchObject({ status: 'PAID', version: 2 });
  });
});

describe('an expiry', () => {
  it('ends an unpaid order at its deadline, and not before', () => {
    const early = expire({ order: 1, id: 'early', issuedAt: dueAtMs - 1 });
    const other = expire({ order: 1, id: 'other', dueAt: dueAtMs - 1 });
    const { events, available } = decided(placed, early, other, expire({ order: 1 }));
    expect(events.slice(1).map(shown)).toEqual([
      ['REFUSED', 'NOT_DUE'],
      ['REFUSED', 'NOT_DUE'],
      ['order.expired', 'EXPIRED'],
    ]);
    expect(available).toBe(100);
  });
});

test.each<[string, OrderCommand]>([
  ['expires', expire({ order: 1 })],
  ['cannot be paid', fail({ order: 1 })],
  ['is cancelled', cancel({ order: 1 })],
])('#21: an order that %s gives its coupon back', (_what, end) => {
  const lines = [{ sku: 'A', quantity: 20, expectedUnitPrice: null }];
  const once = (order: number) => place({ order, lines, couponCode: 'ONCE' });
  // Order 3 would be of another customer.
  const outcomes = decided(once(1), once(2), end, once(0)).events.map(
    ({ outcome, reason }) => reason?.code ?? outcome,
  );
  expect(outcomes).toEqual(['ACCEPTED', 'COUPON_USED', 'APPLIED', 'ACCEPTED']);
});

describe('races are decided by the order of the log', () => {
  test.each<[string, OrderCommand[], unknown[], object]>([
    [
      '#25: CONFIRM, EXPIRE: paid; the stock is unchanged',
      [paid, expire({ order: 1 })],
      ['REFUSED', 'ILLEGAL_CHANGE'],
      { status: 'PAID', available: 80, refunds: [] },
    ],
    [
      'EXPIRE, CONFIRM: late money goes back',
      [expire({ order: 1 }), paid],
      ['order.payment_kept', 'EXPIRED'],
      { available: 100, payments: [[5000, 'LATE']], refunds: [[5000, 'REQUESTED', 'LATE']] },
    ],
    [
      '#28: CANCEL, CONFIRM: one refund of 5000',
      [cancel({ order: 1 }), paid],
      ['order.payment_kept', 'CANCELLED'],
      { status: 'CANCELLED', refunds: [[5000, 'REQUESTED', 'LATE']], money: [5000, 5000, 0] },
    ],
    [
      'CONFIRM, CANCEL: one refund of everything',
      [paid, cancel({ order: 1 })],
      ['order.cancelled', 'CANCELLED'],
      { available: 100, refunds: [[5000, 'REQUESTED', 'CANCELLED']], money: [5000, 5000, 0] },
    ],
    [
      'FAIL, CONFIRM: late money goes back',
      [fail({ order: 1 }), paid],
      ['order.payment_kept', 'PAYMENT_FAILED'],
      { payments: [[5000, 'LATE']], refunds: [[5000, 'REQUESTED', 'LATE']] },
    ],
    [
      'two payments: the second one goes back',
      [paid, surplus],
      ['order.payment_kept', 'PAID'],
      {
        payments: [
          [5000, 'SETTLES'],
          [5000, 'SURPLUS'],
        ],
        refunds: [[5000, 'REQUESTED', 'SURPLUS']],
      },
    ],
    [
      'EXPIRE from two schedulers: one expires',
      [expire({ order: 1, id: 'a' }), expire({ order: 1, id: 'b' })],
      ['REFUSED', 'ILLEGAL_CHANGE'],
      { status: 'EXPIRED', version: 2, available: 100 },
    ],
  ])('%s', (_name, commands, last, rest) => {
    const result = decided(placed, ...commands);
    expect(shown(result.last)).toEqual(last);
    expect(result).toMatchObject(rest);
  });

  it('CANCEL, PLACE: the cancel finds no order', () => {
    expect(decided(cancel({ order: 1 }), placed).events.map(shown)).toEqual([
      ['REFUSED', 'ORDER_UNKNOWN'],
      ['order.accepted', 'PENDING_PAYMENT'],
    ]);
  });

  it('a cancel that names lines never cancels the whole order', () => {
    const lines = cancel({ order: 1 });
    Object.assign(lines.payload, { lines: [{ line: 1, quantity: 1 }] });
    expect(shown(decided(placed, lines).last)).toEqual(['REFUSED', 'LINES_UNSUPPORTED']);
  });
});

describe('the result of a refund', () => {
  const cancelled = [placed, paid, cancel({ order: 1 })];
  const of = 'cancel';
  const succeeded = recordRefund({ order: 1, of, amount: 5000, providerRefundId: 're-1' });
  const failed = recordRefund({ order: 1, of, amount: 5000, providerRefundId: 're-1', succeeded: false });
  const givenUp = recordRefund({ order: 1, of, amount: 5000, providerRefundId: null, succeeded: false });
  const retried = retryRefund({ order: 1, of });
  const byHand = recordRefund({ order: 1, of, amount: 5000, provider: 'manual', providerRefundId: 'bank-1' });

  test.each<[string, OrderCommand[], unknown[], unknown[]]>([
    [
      '#35: counts once, also if answer and callback report it',
      [succeeded, succeeded],
      ['DUPLICATE', null],
      [5000, 0, 5000],
    ],
    ['#34: a failed refund changes no status', [failed], ['order.refund_failed', 'CANCELLED'], [5000, 0, 0]],
    [
      'a success may fail later, by the same refund',
      [succeeded, failed],
      ['order.refund_failed', 'CANCELLED'],
      [5000, 0, 0],
    ],
    [
      "the provider's failure stays: its success was overtaken",
      [failed, succeeded],
      ['REFUSED', 'REFUND_DIFFERS'],
      [5000, 0, 0],
    ],
    [
      'given up, then a success: it succeeded',
      [givenUp, succeeded],
      ['order.refunded', 'CANCELLED'],
      [5000, 0, 5000],
    ],
    [
      'a success, then given up: it succeeded',
      [succeeded, givenUp],
      ['REFUSED', 'REFUND_DIFFERS'],
      [5000, 0, 5000],
    ],
    ['a retry is a new refund', [failed, retried], ['order.refund_requested', 'CANCELLED'], [5000, 5000, 0]],
    [
      'RETRY, RETRY: the second one is refused',
      [failed, retried, retryRefund({ order: 1, of, id: 'again' })],
      ['REFUSED', 'REFUND_NOT_FAILED'],
      [5000, 5000, 0],
    ],
    ['an open refund is not retried', [retried], ['REFUSED', 'REFUND_NOT_FAILED'], [5000, 5000, 0]],
    [
      'an operator settles a failed refund by hand',
      [failed, byHand],
      ['order.refunded', 'CANCELLED'],
      [5000, 0, 5000],
    ],
    [
      'but not if a retry has taken the money',
      [failed, retried, byHand],
      ['REFUSED', 'REFUND_TOO_LARGE'],
      [5000, 5000, 0],
    ],
    [
      'a refund that was given up and retried may succeed too',
      [givenUp, retried, succeeded],
      ['order.refunded', 'CANCELLED'],
      [5000, 5000, 5000],
    ],
    [
      'another amount is refused',
      [recordRefund({ order: 1, of, amount: 4999 })],
      ['REFUSED', 'REFUND_DIFFERS'],
      [5000, 5000, 0],
    ],
    [
      'another currency is refused',
      [recordRefund({ order: 1, of, amount: 5000, currency: 'USD' })],
      ['REFUSED', 'REFUND_DIFFERS'],
      [5000, 5000, 0],
    ],
    [
      'without an id it is the one open refund of the amount',
      [recordRefund({ order: 1, of: null, amount: 5000 })],
      ['order.refunded', 'CANCELLED'],
      [5000, 0, 5000],
    ],
    [
      'without an id and with two open refunds it is refused',
      [surplus, recordRefund({ order: 1, of: null, amount: 5000 })],
      ['REFUSED', 'REFUND_UNKNOWN'],
      [10000, 10000, 0],
    ],
    [
      'a provider reports nothing about the refund of another provider',
      [recordRefund({ order: 1, of, amount: 5000, provider: 'other' })],
      ['REFUSED', 'REFUND_DIFFERS'],
      [5000, 5000, 0],
    ],
    [
      'an unknown refund is refused',
      [recordRefund({ order: 1, of: 'nothing', amount: 5000 })],
      ['REFUSED', 'REFUND_UNKNOWN'],
      [5000, 5000, 0],
    ],
  ])('%s', (_name, commands, last, money) => {
    const result = decided(...cancelled, ...commands);
    expect(shown(result.last)).toEqual(last);
    expect(result.money).toEqual(money);
    expect(result.status).toBe('CANCELLED');
  });

  it('of a payment without an order changes its refund, and no order', () => {
    const id = 'confirm-evt-p1';
    const result = recordRefund({ order: 1, of: id, amount: 5000, succeeded: false });
    const { events, refunds, status } = decided(paid, result, retryRefund({ order: 1, of: id }));
    expect(events.map(shown)).toEqual(Array(3).fill(['REFUSED', 'PAYMENT_UNMATCHED']));
    expect(events.map(({ refund }) => refund?.status)).toEqual(['REQUESTED', 'FAILED', 'REQUESTED']);
    expect(refunds).toEqual([
      [5000, 'FAILED', 'UNMATCHED'],
      [5000, 'REQUESTED', 'UNMATCHED'],
    ]);
    expect(status).toBeUndefined();
  });
});

describe('a command id with another request', () => {
  it.each<[string, OrderCommand, OrderCommand]>([
    [
      'of a cancel',
      { ...cancel({ order: 1 }), fingerprint: Buffer.alloc(32, 1) },
      { ...cancel({ order: 1, ...operator }), fingerprint: Buffer.alloc(32, 2) },
    ],
    [
      'of a payment',
      confirm({ order: 1, payment: 'p1', amount: 5000, fingerprint: 1, id: 'c' }),
      confirm({ order: 1, payment: 'p2', amount: 10, fingerprint: 2, id: 'c' }),
    ],
  ])('%s is a key conflict and changes nothing', (_what, first, second) => {
    const before = decided(placed, first);
    const after = decided(placed, first, second);
    expect(shown(after.last)).toEqual(['KEY_CONFLICT', 'KEY_CONFLICT']);
    expect([after.version, after.payments]).toEqual([before.version, before.payments]);
    expect(shown(decided(placed, first, { ...second, fingerprint: null }).last)).toEqual(['DUPLICATE', null]);
  });
});

it('a command without an order has the key of its row', () => {
  expect(commandKey(null, 'stock:A:1')).toBe(commandKey('00000000-0000-0000-0000-000000000000', 'stock:A:1'));
});

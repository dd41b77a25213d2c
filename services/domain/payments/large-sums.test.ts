/** Sums of money near the largest amount that events and rows hold exactly. */
import { expect, test } from 'vitest';
import { amountMax } from '../pricing/money.ts';
import { cutLog, orderIdOf, place, toLog } from '../testing/commands.ts';
import { confirm, recordRefund, retryRefund } from '../testing/money-commands.ts';
import { run } from '../testing/tables.ts';

const order = 1;
const largest = 9_007_199_254_740_990;
const stock = new Map([['A', 1]]);
const of = 'confirm-evt-p1';
/** A payment of the largest amount. Its refund is given up, and its retry succeeds. */
const life = [
  place({ order, lines: [{ sku: 'A', quantity: 1, expectedUnitPrice: null }] }),
  confirm({ order, payment: 'p1', amount: largest }),
  recordRefund({ order, of, amount: largest, succeeded: false, providerRefundId: null }),
  retryRefund({ order, of }),
  recordRefund({ order, of: `retry-${of}`, amount: largest }),
];
/** Now the provider says that it has made the first refund too. */
const late = recordRefund({ order, of, amount: largest, providerRefundId: 're-late' });

test.each([[1], [9]])('a refund beyond the largest sum is refused, in batches of %d', (size) => {
  expect(amountMax).toBe(largest);
  const { events, tables } = run(cutLog(toLog([...life, late]), [size]), stock, 'fresh');
  expect(events.slice(-2).map(({ outcome, type, money }) => [outcome, type, money])).toEqual([
    ['APPLIED', 'order.refunded', { received: largest, refundPending: 0, refunded: largest, disputed: 0 }],
    ['REFUSED', 'command.refused', null],
  ]);
  const { code, seen } = events.at(-1)!.reason!;
  expect([code, JSON.parse(seen!)]).toEqual(['REFUND_TOO_LARGE', { amount: largest, refundable: 0 }]);
  expect(tables.orders.get(orderIdOf(order))).toMatchObject({ refunded: largest, version: 5 });
  expect([...tables.refunds.values()].map(({ status }) => status)).toEqual(['FAILED', 'SUCCEEDED']);
});

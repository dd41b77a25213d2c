import { describe, expect, it } from 'vitest';
import type { OrderCommand, OrderLine, PlaceOrder } from '../../../schemas/generated/types.ts';
import { cancel, place } from '../testing/commands.ts';
import { close, deliver, requestRefund, returnGoods, ship } from '../testing/goods-commands.ts';
import { confirm, expire, fail, recordRefund, retryRefund } from '../testing/money-commands.ts';
import { lineQuantityMax, orderLinesMax } from './limits.ts';
import { commandProblem } from './validate.ts';

const line: OrderLine = { sku: 'A', quantity: 1, expectedUnitPrice: null };
const good = place({ order: 1, lines: [line] });
const withPayload = (change: Partial<PlaceOrder>): OrderCommand => {
  const { payload, ...rest } = place({ order: 1, lines: [line] });
  return { ...rest, type: 'PLACE', payload: { ...(payload as PlaceOrder), ...change } };
};
const change = (fields: Partial<OrderCommand>) => ({ ...good, ...fields }) as OrderCommand;
const adjust = (sku: string): OrderCommand => ({
  ...good,
  commandId: `stock:${sku}:1`,
  type: 'ADJUST_STOCK',
  orderId: null,
  payload: { sku, delta: 1, reason: null, countedTo: null },
});

const paid = confirm({ order: 1, payment: 'p', amount: 1 });
const result = recordRefund({ order: 1, of: 'c', amount: 1 });
const withFields = (command: OrderCommand, fields: object) =>
  ({ ...command, payload: { ...command.payload, ...fields } }) as OrderCommand;

describe('commandProblem', () => {
  it.each([
    ['a place', good],
    ['a cancel', cancel({ order: 1 })],
    ["an operator's cancel without a customer", cancel({ order: 1, customerId: null, actor: 'operator' })],
    [
      'all fields at their maximum',
      withPayload({ lines: Array(orderLinesMax).fill(line), couponCode: 'x'.repeat(64) }),
    ],
    ['the largest quantity', withPayload({ lines: [{ ...line, quantity: lineQuantityMax }] })],
    ['a stock adjustment, which has no order', adjust('A')],
    ['a payment of the largest amount', withFields(paid, { amount: 2 ** 53 - 2 })],
    ['a failed attempt', fail({ order: 1, final: false })],
    ['an expiry', expire({ order: 1 })],
    [
      'a result of an unnamed refund',
      recordRefund({ order: 1, of: null, amount: 1, providerRefundId: null }),
    ],
    ['a retry', retryRefund({ order: 1, of: 'c' })],
    ['a shipment of units', ship({ units: [[100, 1]], carrier: 'x'.repeat(128) })],
    ['a carrier of long characters', ship({ carrier: '\u{1F4E6}'.repeat(128) })],
    ['a delivery', deliver({ shipment: 100 })],
    ['a return of damaged units', returnGoods({ units: [[1, 2, 0]] })],
    ['a close', close({})],
    ['a refund of everything', requestRefund({})],
    ['a refund of a unit and the shipping', requestRefund({ units: [[1, 1]], shipping: true })],
  ])('passes %s', (_name, command) => {
    expect(commandProblem(command)).toBeNull();
  });

  it.each([
    ['an empty command id', change({ commandId: '' }), 'commandId'],
    ['a command id that is too long', change({ commandId: 'x'.repeat(129) }), 'commandId'],
    ['a line break in a command id', change({ commandId: 'x\n' }), 'commandId'],
    ['an empty actor', change({ actor: '' }), 'actor'],
    ['a trace that is too long for an event', change({ traceparent: '0'.repeat(257) }), 'traceparent'],
    ['no order', change({ orderId: null }), 'orderId'],
    ['text after an order id', change({ orderId: good.orderId!.replace('-8', '-A') }), 'orderId'],
    ['something after an order id', change({ orderId: `${good.orderId}\n` }), 'orderId'],
    ['no customer', change({ customerId: null }), 'customerId'],
    ['a customer with a space', change({ customerId: 'a b' }), 'customerId'],
    ['no fingerprint', change({ fingerprint: null }), 'fingerprint'],
    ['no idempotency key', change({ idempotencyKey: null }), 'idempotencyKey'],
    ['a long idempotency key', change({ idempotencyKey: 'x'.repeat(256) }), 'idempotencyKey'],
    ['a currency in lower case', withPayload({ currency: 'eur' }), 'currency'],
    ['no lines', withPayload({ lines: [] }), 'lines'],
    ['too many lines', withPayload({ lines: Array(orderLinesMax + 1).fill(line) }), 'lines'],
    ['a SKU that is not ASCII', withPayload({ lines: [{ ...line, sku: 'ä' }] }), 'sku'],
    ['a SKU that is too long', withPayload({ lines: [{ ...line, sku: 'x'.repeat(65) }] }), 'sku'],
    ['a quantity of 0', withPayload({ lines: [{ ...line, quantity: 0 }] }), 'quantity'],
    ['a huge quantity', withPayload({ lines: [{ ...line, quantity: lineQuantityMax + 1 }] }), 'quantity'],
    ['a negative price', withPayload({ lines: [{ ...line, expectedUnitPrice: -1 }] }), 'expectedUnitPrice'],
    ['an empty coupon', withPayload({ couponCode: '' }), 'couponCode'],
    ['too much metadata', withPayload({ metadata: Array(21).fill({ key: 'k', value: 'v' }) }), 'metadata'],
    ['a stock adjustment without a SKU', adjust(''), 'sku'],
    ['a stock adjustment with an id of another SKU', withFields(adjust('A'), { sku: 'AB' }), 'commandId'],
    ['a stock adjustment of 0', withFields(adjust('A'), { delta: 0 }), 'delta'],
    ['a huge stock adjustment', withFields(adjust('A'), { delta: -1_000_000_001 }), 'delta'],
    ['a carrier that is too long', ship({ carrier: 'x'.repeat(129) }), 'carrier'],
    ['a shipment of a line twice', ship({ units: Array(2).fill([1, 1]) }), 'twice'],
    ['a delivery of shipment 0', deliver({ shipment: 0 }), 'shipment'],
    ['a delivery at no time', withFields(deliver({}), { deliveredAt: -1 }), 'deliveredAt'],
    ['more restocked units than came back', returnGoods({ units: [[1, 1, 2]] }), 'restock'],
    ['a refund of an amount and of units', requestRefund({ amount: 1, units: [[1, 1]] }), 'amount'],
    ['a refund of 0', requestRefund({ amount: 0 }), 'amount'],
    ['a long reason', withFields(cancel({ order: 1 }), { reason: 'x'.repeat(2_001) }), 'reason'],
    ['a line of 0', withFields(cancel({ order: 1 }), { lines: [{ line: 0, quantity: 1 }] }), 'line'],
    [
      'no units of a line',
      withFields(cancel({ order: 1 }), { lines: [{ line: 1, quantity: 0 }] }),
      'quantity',
    ],
    [
      'a line that occurs twice',
      withFields(cancel({ order: 1 }), { lines: Array(2).fill({ line: 1, quantity: 1 }) }),
      'twice',
    ],
    ['a payment of 0', withFields(paid, { amount: 0 }), 'amount'],
    ['a payment that cannot be encoded', withFields(paid, { amount: 2 ** 53 - 1 }), 'amount'],
    ['a payment in a currency that is no code', withFields(paid, { currency: 'EURO' }), 'currency'],
    ['a provider with a space', withFields(paid, { provider: 'a b' }), 'provider'],
    ['a long event id', withFields(paid, { providerEventId: 'x'.repeat(129) }), 'providerEventId'],
    ['a payment id that is not ASCII', withFields(paid, { providerPaymentId: 'é' }), 'providerPaymentId'],
    ['a kind with a line break', withFields(paid, { kind: 'A\n' }), 'kind'],
    ['a long reference', withFields(paid, { reference: 'x'.repeat(256) }), 'reference'],
    [
      'a failure with an empty event id',
      withFields(fail({ order: 1 }), { providerEventId: '' }),
      'providerEventId',
    ],
    ['a refund id that is no UUID', withFields(result, { refundId: 'R' }), 'refundId'],
    [
      'a long refund id of the provider',
      withFields(result, { providerRefundId: 'x'.repeat(129) }),
      'providerRefundId',
    ],
    ['a refund of a negative amount', withFields(result, { amount: -1 }), 'amount'],
    ['a retry of no refund', withFields(retryRefund({ order: 1, of: 'c' }), { refundId: '' }), 'refundId'],
  ])('names %s', (_name, command, field) => {
    expect(commandProblem(command)).toContain(field);
  });
});

import { describe, expect, it } from 'vitest';
import type { OrderCommand, OrderLine, PlaceOrder } from '../../../schemas/generated/types.ts';
import { cancel, place } from '../testing/commands.ts';
import { lineQuantityMax, orderLinesMax } from './place.ts';
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
  type: 'ADJUST_STOCK',
  orderId: null,
  payload: { sku, delta: 1, reason: null, countedTo: null },
});

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
    ['something behind an order id', change({ orderId: `${good.orderId}\n` }), 'orderId'],
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
  ])('names %s', (_name, command, field) => {
    expect(commandProblem(command)).toContain(field);
  });
});

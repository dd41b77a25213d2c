import { describe, expect, it } from 'vitest';
import { lineDefaults } from '../../schemas/index.ts';
import { isOrderBound, type Message, messageBytesMax, messageText, type OrderBoundEvent } from './message.ts';
import { eventOf } from './testing/events.ts';

const bound = (...args: Parameters<typeof eventOf>) => eventOf(...args) as OrderBoundEvent;

describe('messageText', () => {
  it('contains type, time, and the order with its version and totals', () => {
    const message = JSON.parse(messageText(bound(3, 7))) as Message;
    expect(message.type).toBe('order.accepted');
    expect(message.timestamp).toBe('2023-11-14T22:13:20.000Z');
    expect(message.data).toMatchObject({
      version: 1,
      status: 'PENDING_PAYMENT',
      customerId: 'c1',
      totals: { total: 1190 },
      items: [{ sku: 'S-1', quantity: 2 }],
    });
  });

  it('leaves out the state that the decision saw', () => {
    const reason = { code: 'OUT_OF_STOCK', message: 'too few', pointer: '/items/0', seen: '{"available":3}' };
    expect(messageText(bound(0, 1, { reason, order: null }))).not.toContain('available');
  });

  it('leaves out all lines if the body would exceed its limit', () => {
    const line = {
      sku: 'S'.repeat(64),
      name: 'ü'.repeat(200),
      quantity: 1,
      unitPrice: 1,
      lineTotal: 1,
      ...lineDefaults,
    };
    const order = { ...eventOf(0, 1).order!, lines: Array.from({ length: 100 }, () => line) };
    const text = messageText(bound(0, 1, { order }));
    expect(Buffer.byteLength(text)).toBeLessThan(messageBytesMax);
    expect((JSON.parse(text) as Message).data).toMatchObject({ itemsOmitted: true, totals: { total: 1190 } });
  });

  it('keeps to its limit whichever other field is long', () => {
    const reason = { code: 'X', message: 'ü'.repeat(20_000), pointer: null, seen: null };
    const shipment = { carrier: 'c'.repeat(30_000), trackingNumber: null, shipment: null, lines: [] };
    for (const long of [{ reason }, { shipment }]) {
      const text = messageText(bound(0, 1, long));
      expect(Buffer.byteLength(text)).toBeLessThan(messageBytesMax);
      expect((JSON.parse(text) as Message).data).toMatchObject({ version: 1, status: 'PENDING_PAYMENT' });
    }
  });
});

describe('isOrderBound', () => {
  it('accepts order ids only', () => {
    expect(isOrderBound(eventOf(0, 1))).toBe(true);
    expect(isOrderBound(eventOf(0, 1, { orderId: null }))).toBe(false);
    expect(isOrderBound(eventOf(0, 1, { orderId: 'SKU-1' }))).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { lineDefaults, type OrderEvent, orderDefaults } from '../../schemas/index.ts';
import { blankEvent } from '../shared/codec/testing/values.ts';
import {
  atTheBeginning,
  markerOf,
  type Position,
  positionIn,
  project,
  type ReadEvent,
  stateOf,
} from './projection.ts';

const orderId = '3f2a9c1e-8d77-8b4f-9a2b-00112233aabb';
const order = {
  currency: 'EUR',
  lines: [{ sku: 'A', name: 'Tea', quantity: 2, unitPrice: 100, lineTotal: 200, ...lineDefaults }],
  subtotal: 200,
  discount: 0,
  shipping: 0,
  tax: 0,
  total: 200,
  couponCode: null,
  priceVersion: 1,
  paymentDueAt: 5,
  ...orderDefaults,
};

function event(sourceOffset: number, parts: Partial<OrderEvent> = {}): OrderEvent {
  return blankEvent({
    eventId: `6-${sourceOffset}`,
    type: '-',
    outcome: 'DUPLICATE',
    orderId,
    customerId: 'c1',
    status: 'PENDING_PAYMENT',
    occurredAt: 1_000 + sourceOffset,
    sourcePartition: 6,
    sourceOffset,
    prevSourceOffset: sourceOffset - 1,
    ...parts,
  });
}

const at = (offset: number, value: OrderEvent | null): ReadEvent => ({
  offset: BigInt(offset),
  event: value,
});
const accepted = event(0, { outcome: 'ACCEPTED', order });
const cancelled = event(2, { outcome: 'APPLIED', version: 2, status: 'CANCELLED' });

describe('a projection', () => {
  it('keeps the newest outcome of an order with the values that its acceptance fixed', () => {
    const { drafts, position } = project(atTheBeginning, [
      at(0, accepted),
      at(1, event(1)),
      at(2, cancelled),
    ]);
    const [draft] = drafts.values();
    expect(position).toEqual({ covers: 2, coversFrom: -1, eventsOffset: 3n });
    expect(stateOf(draft!, draft!.origin!)).toMatchObject({
      version: 2,
      status: 'CANCELLED',
      sourceOffset: 2,
      createdAt: 1_000,
      updatedAt: 1_002,
      terms: {
        total: 200,
        lines: [{ sku: 'A', quantity: 2, unitPrice: 100, lineTotal: 200, ...lineDefaults }],
      },
    });
  });

  it('keeps the reason of a rejected order when money arrives for it', () => {
    const reason = { code: 'OUT_OF_STOCK', message: 'Only 1 is left.', pointer: '/items/0', seen: '[]' };
    const rejected = event(0, { outcome: 'REJECTED', status: 'REJECTED', reason });
    const kept = event(1, { outcome: 'APPLIED', version: 2, status: 'REJECTED', type: 'order.payment_kept' });
    const [draft] = project(atTheBeginning, [at(0, rejected), at(1, kept)]).drafts.values();
    expect(stateOf(draft!, draft!.origin!)).toMatchObject({
      version: 2,
      status: 'REJECTED',
      reason: { code: 'OUT_OF_STOCK', message: 'Only 1 is left.', pointer: '/items/0' },
    });
  });

  it('gives the same result for any split into batches, except for the orders to look up', () => {
    const first = project(atTheBeginning, [at(0, accepted), at(1, event(1))]);
    const second = project(first.position, [at(2, cancelled)]);
    expect(second.position).toEqual({ covers: 2, coversFrom: -1, eventsOffset: 3n });
    expect([...second.drafts.values()]).toEqual([{ orderId, event: cancelled, origin: null }]);
  });

  it('drops repeats at any place', () => {
    const events = [at(0, accepted), at(1, event(1)), at(2, accepted), at(3, cancelled), at(4, event(1))];
    const { position, repeats, drafts } = project(atTheBeginning, events);
    expect(position).toEqual({ covers: 2, coversFrom: -1, eventsOffset: 5n });
    expect(repeats).toBe(2);
    expect([...drafts.values()][0]?.event).toBe(cancelled);
  });

  it('creates no state from outcomes that change no order', () => {
    const others = (['DUPLICATE', 'REFUSED', 'KEY_CONFLICT', 'DEAD_LETTERED', 'UNKNOWN'] as const).map(
      (outcome, n) => at(n, event(n, { outcome })),
    );
    const stock = at(5, event(5, { outcome: 'APPLIED', orderId: null }));
    const { drafts, position } = project(atTheBeginning, [...others, stock]);
    expect(drafts.size).toBe(0);
    expect(position.covers).toBe(5);
  });

  it('reports a hole where outcomes are missing, and covers the outcomes after it', () => {
    const from: Position = { covers: 4, coversFrom: -1, eventsOffset: 9n };
    const { position, holes } = project(from, [at(9, event(7)), at(10, event(8)), at(11, null)]);
    expect(holes).toEqual([{ after: 4, before: 7 }]);
    expect(position).toEqual({ covers: 8, coversFrom: 6, eventsOffset: 12n });
  });

  it('begins with a hole if the log begins late', () => {
    const { position, holes } = project(atTheBeginning, [at(40, event(30))]);
    expect(holes).toEqual([{ after: -1, before: 30 }]);
    expect(position).toEqual({ covers: 30, coversFrom: 29, eventsOffset: 41n });
  });
});

describe('a marker', () => {
  it('reports its source', () => {
    const position: Position = { covers: 8, coversFrom: 6, eventsOffset: 12n };
    expect(positionIn(markerOf(6, position, 99))).toEqual(position);
  });

  it('is not a state of an order', () => {
    const [draft] = project(atTheBeginning, [at(0, accepted)]).drafts.values();
    expect(positionIn(stateOf(draft!, draft!.origin!))).toBeNull();
  });
});

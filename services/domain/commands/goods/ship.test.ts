/** Shipments and deliveries, with units that are written out. Each log is decided in one batch, and command by command. */
import { describe, expect, it } from 'vitest';
import type { OrderCommand } from '../../../../schemas/index.ts';
import { place } from '../../testing/commands.ts';
import { decided, shown } from '../../testing/decided.ts';
import { deliver, ship } from '../../testing/goods-commands.ts';
import { confirm, recordRefund } from '../../testing/money-commands.ts';

/** 20 units of A and 3 of C: 5000 + 5997. */
const placed = place({
  order: 1,
  lines: [
    { sku: 'A', quantity: 20, expectedUnitPrice: null },
    { sku: 'C', quantity: 3, expectedUnitPrice: null },
  ],
});
const paid = confirm({ order: 1, payment: 'p1', amount: 10_997 });
const bought = [placed, paid];
const last = (...commands: OrderCommand[]) => shown(decided(...commands).last);

describe('a shipment', () => {
  it('of everything makes the order SHIPPED, and moves no unit of the available ones', () => {
    const { last: event, ...rest } = decided(...bought, ship({ carrier: 'Post' }));
    expect(event).toMatchObject({
      type: 'order.shipped',
      outcome: 'APPLIED',
      status: 'SHIPPED',
      previousStatus: 'PAID',
      version: 3,
      customerId: 'customer-1',
      shipment: {
        carrier: 'Post',
        trackingNumber: 'T-1',
        shipment: 1,
        lines: [
          { line: 1, quantity: 20 },
          { line: 2, quantity: 3 },
        ],
      },
      units: { ordered: 23, cancelled: 0, shipped: 23, returned: 0, restocked: 0 },
      money: { received: 10_997, refundPending: 0, refunded: 0, disputed: 0 },
    });
    expect(rest).toMatchObject({ status: 'SHIPPED', available: [80, 97], shipped: [20, 3] });
  });

  it('of some units keeps the order PAID until the last unit has left', () => {
    const one = ship({ id: 's1', units: [[1, 5]] });
    const two = ship({
      id: 's2',
      units: [
        [2, 3],
        [1, 14],
      ],
    });
    const { events, ...rest } = decided(...bought, one, two, ship({ id: 's3' }));
    expect(events.slice(2).map((event) => [...shown(event), event.shipment, event.units!.shipped])).toEqual([
      [
        'order.partially_shipped',
        'PAID',
        { carrier: null, trackingNumber: null, shipment: 1, lines: [{ line: 1, quantity: 5 }] },
        5,
      ],
      [
        'order.partially_shipped',
        'PAID',
        {
          carrier: null,
          trackingNumber: null,
          shipment: 2,
          lines: [
            { line: 2, quantity: 3 },
            { line: 1, quantity: 14 },
          ],
        },
        22,
      ],
      [
        'order.shipped',
        'SHIPPED',
        { carrier: null, trackingNumber: null, shipment: 3, lines: [{ line: 1, quantity: 1 }] },
        23,
      ],
    ]);
    expect(rest).toMatchObject({ version: 5, shipped: [20, 3], available: [80, 97] });
  });

  it('#46: of more units than are left is refused; of two for the same unit one is applied', () => {
    const single = place({ order: 1, lines: [{ sku: 'A', quantity: 1, expectedUnitPrice: null }] });
    const own = [single, confirm({ order: 1, payment: 'p1', amount: 250 })];
    const { events, ...rest } = decided(
      ...own,
      ship({ id: 's1', units: [[1, 1]] }),
      ship({ id: 's2', units: [[1, 1]] }),
      ship({ id: 's3' }),
    );
    expect(events.slice(2).map(shown)).toEqual([
      ['order.shipped', 'SHIPPED'],
      ['REFUSED', 'QUANTITY_TOO_LARGE'],
      ['REFUSED', 'QUANTITY_TOO_LARGE'],
    ]);
    expect(events[3]!.reason).toMatchObject({
      pointer: '/lines/0/quantity',
      seen: '{"line":1,"asked":1,"left":0}',
    });
    expect(rest).toMatchObject({ version: 3, shipped: [1, 0] });
    expect(last(...bought, ship({ units: [[1, 21]] }))).toEqual(['REFUSED', 'QUANTITY_TOO_LARGE']);
  });

  it('of a line that the order lacks is refused', () => {
    expect(last(...bought, ship({ units: [[3, 1]] }))).toEqual(['REFUSED', 'LINE_UNKNOWN']);
  });

  it('of an order that is unpaid, has ended or does not exist is refused', () => {
    expect(last(placed, ship({}))).toEqual(['REFUSED', 'ILLEGAL_CHANGE']);
    expect(
      last(place({ order: 1, lines: [{ sku: 'A', quantity: 101, expectedUnitPrice: null }] }), ship({})),
    ).toEqual(['REFUSED', 'ILLEGAL_CHANGE']);
    expect(last(ship({}))).toEqual(['REFUSED', 'ORDER_UNKNOWN']);
  });

  it('is the hundredth at most', () => {
    const many = place({ order: 1, lines: [{ sku: 'C', quantity: 101, expectedUnitPrice: null }] });
    const own = [many, confirm({ order: 1, payment: 'p1', amount: 201_899 })];
    const parcels = Array.from({ length: 101 }, (_, n) => ship({ id: `s${n}`, units: [[1, 1]] }));
    const { last: event, version } = decided(new Map([['C', 200]]), ...own, ...parcels);
    expect(shown(event)).toEqual(['REFUSED', 'TOO_MANY']);
    expect(version).toBe(102);
  });

  it('of an order that costs nothing needs no payment', () => {
    const free = place({ order: 1, lines: [{ sku: 'B', quantity: 3, expectedUnitPrice: null }] });
    expect(last(free, ship({}))).toEqual(['order.shipped', 'SHIPPED']);
  });

  it('comes once, however often its command is repeated', () => {
    const { events, shipped } = decided(...bought, ship({ units: [[1, 5]] }), ship({ units: [[1, 5]] }));
    expect(events.at(-1)).toMatchObject({ outcome: 'DUPLICATE', version: 3, status: 'PAID' });
    expect(shipped).toEqual([5, 0]);
  });
});

describe('a delivery', () => {
  const parcels = [ship({ id: 's1', units: [[1, 5]] }), ship({ id: 's2' })];

  it('of the only parcel makes the order DELIVERED, and starts its return window', () => {
    const { last: event, timerAtMs } = decided(...bought, ship({}), deliver({ issuedAt: 1_700_000_005_000 }));
    expect(event).toMatchObject({
      type: 'order.delivered',
      status: 'DELIVERED',
      previousStatus: 'SHIPPED',
      version: 4,
      shipment: { carrier: null, trackingNumber: null, shipment: 1, lines: [] },
    });
    expect(timerAtMs).toBe(1_700_000_605_000);
  });

  it('of the first of two parcels keeps the status', () => {
    const { events, timerAtMs } = decided(
      ...bought,
      ...parcels,
      deliver({ id: 'd1', shipment: 1 }),
      deliver({ id: 'd2', shipment: 2 }),
    );
    expect(events.slice(4).map(shown)).toEqual([
      ['order.partially_delivered', 'SHIPPED'],
      ['order.delivered', 'DELIVERED'],
    ]);
    expect(timerAtMs).toBe(1_700_000_600_000);
  });

  it('without a number is of all parcels that are on their way', () => {
    const { last: event } = decided(...bought, ...parcels, deliver({}));
    expect(shown(event)).toEqual(['order.delivered', 'DELIVERED']);
    expect(event.shipment).toMatchObject({ shipment: null });
  });

  it('of a parcel is applied while the rest is not shipped, and never ends the order', () => {
    const { last: event, timerAtMs } = decided(...bought, parcels[0]!, deliver({ shipment: 1 }));
    expect(shown(event)).toEqual(['order.partially_delivered', 'PAID']);
    expect(timerAtMs).toBeNull();
    expect(last(...bought, parcels[0]!, deliver({}))).toEqual(['REFUSED', 'ILLEGAL_CHANGE']);
  });

  it('that was reported before, or of a parcel that does not exist, is refused', () => {
    const one = deliver({ id: 'd1', shipment: 1 });
    expect(last(...bought, ...parcels, one, deliver({ id: 'd2', shipment: 1 }))).toEqual([
      'REFUSED',
      'ALREADY_DELIVERED',
    ]);
    expect(last(...bought, ...parcels, deliver({ shipment: 3 }))).toEqual(['REFUSED', 'SHIPMENT_UNKNOWN']);
    expect(last(...bought, deliver({ shipment: 1 }))).toEqual(['REFUSED', 'SHIPMENT_UNKNOWN']);
    expect(last(placed, deliver({ shipment: 1 }))).toEqual(['REFUSED', 'ILLEGAL_CHANGE']);
    expect(last(deliver({}))).toEqual(['REFUSED', 'ORDER_UNKNOWN']);
  });

  it('keeps its timer when money comes or goes', () => {
    const { timerAtMs, events } = decided(
      ...bought,
      ship({}),
      deliver({}),
      confirm({ order: 1, payment: 'p2', amount: 7 }),
      recordRefund({ order: 1, of: 'confirm-evt-p2', amount: 7 }),
    );
    expect(events.slice(-2).map(shown)).toEqual([
      ['order.payment_kept', 'DELIVERED'],
      ['order.refunded', 'DELIVERED'],
    ]);
    expect(timerAtMs).toBe(1_700_000_600_000);
  });
});

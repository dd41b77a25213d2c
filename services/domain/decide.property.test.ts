import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderEvent } from '../../schemas/generated/types.ts';
import {
  acceptedStatus,
  customerCounted,
  customerKey,
  holdsStock,
  type OrderStatus,
  orderStatuses,
  totalCounted,
} from './index.ts';
import { anyLog, anyStock, couponLimits, cutLog, products } from './testing/commands.ts';
import { type Mode, run } from './testing/tables.ts';

const anyCuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
const anyMode = fc.constantFrom<Mode>('fresh', 'remember', 'careful');

/** Checks the properties of `holds` for any log, any split into batches, and each mode. */
function forAnyRun(holds: (made: ReturnType<typeof run>, log: Parameters<typeof cutLog>[0]) => void): void {
  fc.assert(
    fc.property(anyLog, anyStock, anyCuts, anyMode, (log, stock, cuts, mode) =>
      holds(run(cutLog(log, cuts), stock, mode), log),
    ),
    { numRuns: 150 },
  );
}

describe('decide, for any sequence of commands', () => {
  it('returns exactly one event per record, in order, with its partition and offset', () => {
    forAnyRun(({ events }, log) => {
      expect(
        events.map((event) => [
          event.eventId,
          event.sourcePartition,
          event.sourceOffset,
          event.prevSourceOffset,
        ]),
      ).toEqual(
        log.map(({ partition, offset, prevOffset }) => [
          `${partition}-${offset}`,
          partition,
          offset,
          prevOffset,
        ]),
      );
    });
  });

  it('raises versions by one, only for ACCEPTED, REJECTED and APPLIED, and follows the table of statuses', () => {
    forAnyRun(({ events, tables }) => {
      const told = new Map<string, { version: number; status: OrderStatus }>();
      for (const event of events) follow(told, event);
      const kept = [...tables.orders.values()].map(
        ({ orderId, version, status }) => [orderId, { version, status }] as const,
      );
      expect(new Map(kept)).toEqual(told);
    });
  });

  it('conserves stock and never sells units that do not exist', () => {
    fc.assert(
      fc.property(anyLog, anyStock, anyCuts, anyMode, (log, stock, cuts, mode) => {
        const { tables } = run(cutLog(log, cuts), stock, mode);
        const held = new Map([...stock.keys()].map((sku) => [sku, 0]));
        for (const { status, lines } of tables.orders.values()) {
          if (!holdsStock(status)) continue;
          for (const { sku, quantity } of lines) held.set(sku, held.get(sku)! + quantity);
        }
        for (const [sku, initial] of stock) {
          expect(tables.stock.get(sku)).toBe(initial - held.get(sku)!);
          expect(tables.stock.get(sku)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('conserves redemptions of coupons, and accepts no more than the limits', () => {
    forAnyRun(({ tables }) => {
      const live = [...tables.orders.values()].filter(({ status }) => holdsStock(status));
      const holders = (bit: number) =>
        Map.groupBy(
          live.filter(({ redemption }) => redemption !== null && (redemption.counted & bit) !== 0),
          ({ redemption }) => redemption!.code,
        );
      for (const [code, limit] of couponLimits) {
        expect(tables.couponTotals.get(code)).toBe(limit - (holders(totalCounted).get(code)?.length ?? 0));
        expect(tables.couponTotals.get(code)).toBeGreaterThanOrEqual(0);
      }
      for (const customer of ['customer-1', 'customer-2']) {
        const used = tables.couponCustomers.get(customerKey('ONCE', customer)) ?? 0;
        const own = holders(customerCounted).get('ONCE') ?? [];
        expect(used).toBe(own.filter(({ customerId }) => customerId === customer).length);
        expect(used).toBeLessThanOrEqual(1);
      }
    });
  });

  it('adds up the amounts of every accepted order', () => {
    forAnyRun(({ events }) => {
      for (const { outcome, order } of events) {
        expect(order !== null).toBe(outcome === 'ACCEPTED');
        if (order === null) continue;
        for (const { sku, quantity, unitPrice, lineTotal } of order.lines) {
          expect(unitPrice).toBe(products.get(sku)!.unitPrice);
          expect(lineTotal).toBe(unitPrice * quantity);
        }
        expect(order.subtotal).toBe(order.lines.reduce((sum, { lineTotal }) => sum + lineTotal, 0));
        expect(order.total).toBe(order.subtotal - order.discount + order.shipping + order.tax);
      }
    });
  });

  it('gives the same bytes for any batches as for single commands', () => {
    fc.assert(
      fc.property(anyLog, anyStock, anyCuts, (log, stock, cuts) => {
        const single = run(cutLog(log, [1]), stock, 'careful');
        const batched = run(cutLog(log, cuts), stock, 'fresh');
        expect(batched.events).toEqual(single.events);
        expect(batched.tables).toEqual(single.tables);
      }),
      { numRuns: 250 },
    );
  });

  it('gives the same outcomes with levels that are read or guarded', () => {
    fc.assert(
      fc.property(anyLog, anyStock, anyCuts, (log, stock, cuts) => {
        const careful = run(cutLog(log, cuts), stock, 'careful');
        const guarded = run(cutLog(log, cuts), stock, 'remember');
        // If two lines exceed the stock, but only one SKU was known to be low, the message names that SKU.
        expect(guarded.events.map(essence)).toEqual(careful.events.map(essence));
        expect(guarded.tables.stock).toEqual(careful.tables.stock);
      }),
      { numRuns: 250 },
    );
  });
});

function follow(told: Map<string, { version: number; status: OrderStatus }>, event: OrderEvent): void {
  const { orderId, outcome, version, status, previousStatus, commandType } = event;
  const before = orderId === null ? undefined : told.get(orderId);
  switch (outcome) {
    case 'ACCEPTED':
    case 'REJECTED':
      expect(before).toBeUndefined();
      expect([version, status]).toEqual([
        1,
        outcome === 'ACCEPTED' ? acceptedStatus(event.order!.total) : 'REJECTED',
      ]);
      break;
    case 'APPLIED':
      expect([commandType, status]).toEqual(['CANCEL', 'CANCELLED']);
      expect(['PENDING_PAYMENT', 'PAID']).toContain(previousStatus);
      expect([previousStatus, version]).toEqual([before?.status, before!.version + 1]);
      break;
    case 'DEAD_LETTERED':
      expect([orderId, version, status]).toEqual([null, 0, null]);
      return;
    case 'DUPLICATE':
      // A repeated PLACE reports the current state of the order. Any other repeated command gets its first outcome.
      if (commandType === 'PLACE') expect({ version, status }).toEqual(before);
      else expect(version).toBeLessThanOrEqual(before?.version ?? 0);
      return;
    default:
      expect(['REFUSED', 'KEY_CONFLICT']).toContain(outcome);
      // A command gets the same refusal for a missing order and for the order of another customer.
      if (event.reason?.code === 'ORDER_UNKNOWN')
        expect({ version, status }).toEqual({ version: 0, status: null });
      else expect({ version, status }).toEqual(before);
      return;
  }
  expect(orderStatuses).toContain(status);
  told.set(orderId!, { version, status: status as OrderStatus });
}

function essence({ eventId, outcome, version, status, reason, order }: OrderEvent) {
  return { eventId, outcome, version, status, code: reason?.code, order };
}

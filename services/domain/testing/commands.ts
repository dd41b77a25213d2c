/**
 * Generates command logs for the tests of `decide`. They have few orders and few SKUs, so that all combinations
 * occur.
 */
import fc from 'fast-check';
import { type OrderCommand, placeDefaults } from '../../../schemas/index.ts';
import type { Product, SourceRecord } from '../index.ts';
import { noRules, type Rules } from '../pricing/rules.ts';
import { amount, couponOf } from './pricing.ts';

export const products: ReadonlyMap<string, Product> = new Map(
  [
    { sku: 'A', name: 'Apple', unitPrice: 250, currency: 'EUR' },
    { sku: 'B', name: 'Bread', unitPrice: 0, currency: 'EUR' },
    { sku: 'C', name: 'Cheese', unitPrice: 1_999, currency: 'EUR' },
    { sku: 'D', name: 'Donut', unitPrice: 100, currency: 'USD' },
  ].map((product) => [product.sku, { ...product, weightGrams: 0, taxCategory: 'standard', breaks: null }]),
);
/** `TEN` has no limit, `FEW` has a total limit, and `ONCE` has a limit per customer too. */
export const rules: Rules = {
  ...noRules,
  version: 5,
  coupons: new Map(
    [
      couponOf({ code: 'TEN' }),
      couponOf({ code: 'FEW', discount: amount(100), currency: 'EUR', totalLimit: 2 }),
      couponOf({ code: 'ONCE', totalLimit: 3, customerLimit: 1 }),
    ].map((coupon) => [coupon.code, coupon]),
  ),
};
/** The total limits, by code. */
export const couponLimits: ReadonlyMap<string, number> = new Map([
  ['FEW', 2],
  ['ONCE', 3],
]);
const customer = 'customer-1';
/** Orders from this number on belong to `customer-2`. */
const secondCustomerFrom = 3;
const orders = 4;
const partitions = 2;

function customerOf(order: number): string {
  return order < secondCustomerFrom ? customer : 'customer-2';
}

export function orderIdOf(number: number): string {
  return `0000000${number}-0000-8000-8000-000000000000`;
}

type PlaceParts = {
  order: number;
  lines: { sku: string; quantity: number; expectedUnitPrice: number | null }[];
  fingerprint?: number;
  couponCode?: string | null;
};

/** A PLACE command. Orders that differ only in `fingerprint` are different requests with the same key. */
export function place({ order, lines, fingerprint = 0, couponCode = null }: PlaceParts): OrderCommand {
  const orderId = orderIdOf(order);
  return {
    commandId: `place:${orderId}`,
    type: 'PLACE',
    orderId,
    customerId: customerOf(order),
    actor: 'customer',
    idempotencyKey: `key-${order}`,
    fingerprint: Buffer.alloc(32, fingerprint),
    issuedAt: 0,
    traceparent: null,
    sealed: null,
    payload: {
      currency: 'EUR',
      lines,
      couponCode,
      shippingAddress: null,
      contactEmail: null,
      metadata: [],
      ...placeDefaults,
    },
  };
}

type CancelParts = {
  order: number;
  id?: string;
  customerId?: string | null | undefined;
  actor?: string;
  expectedVersion?: number | null;
};

export function cancel({
  order,
  id = 'cancel',
  customerId = customerOf(order),
  actor = 'customer',
  expectedVersion = null,
}: CancelParts): OrderCommand {
  return {
    commandId: id,
    type: 'CANCEL',
    orderId: orderIdOf(order),
    customerId,
    actor,
    idempotencyKey: null,
    fingerprint: null,
    issuedAt: 0,
    traceparent: null,
    sealed: null,
    payload: { reason: null, expectedVersion, lines: [] },
  };
}

/** Puts commands into partitions, in order. Those of stock are on the first one. Null stands for an unreadable record. */
export function toLog(commands: readonly (OrderCommand | null)[]): SourceRecord[] {
  const next: number[] = Array(partitions).fill(0);
  return commands.map((command, index) => {
    const partition =
      command === null ? index % partitions : Number(command.orderId?.slice(7, 8) ?? 0) % partitions;
    const offset = next[partition]!++;
    return {
      partition,
      offset,
      prevOffset: offset - 1,
      content:
        command === null ? { kind: 'deadLetter', orderId: null, reason } : { kind: 'command', command },
    };
  });
}

const reason = { code: 'BAD_MAGIC', message: 'no frame', pointer: null, seen: null };
const order = fc.nat({ max: orders - 1 });
const line = fc.record({
  sku: fc.constantFrom('A', 'A', 'B', 'C', 'C', 'D', 'unknown'),
  quantity: fc.integer({ min: 1, max: 4 }),
  expectedUnitPrice: fc.constantFrom(null, null, null, 250, 0, 1_999),
});
// The stock suffices for most of these lines. Otherwise nearly every order would be rejected before the check of its
// stock.
const sellable = line.map(({ sku, quantity }) => ({
  sku: sku.length === 1 && sku !== 'D' ? sku : 'A',
  quantity,
  expectedUnitPrice: null,
}));
const lines = fc.oneof(
  { arbitrary: fc.array(sellable, { minLength: 1, maxLength: 4 }), weight: 4 },
  { arbitrary: fc.array(line, { minLength: 1, maxLength: 4 }), weight: 1 },
);
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        order,
        lines,
        fingerprint: fc.constantFrom(0, 0, 1),
        couponCode: fc.constantFrom(null, null, null, null, 'SAVE', 'TEN', 'FEW', 'FEW', 'ONCE'),
      })
      .map(place),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({
        order,
        id: fc.constantFrom('cancel-1', 'cancel-2', 'cancel-3'),
        customerId: fc.constantFrom(undefined, undefined, undefined, 'customer-2', null),
        actor: fc.constantFrom('customer', 'customer', 'operator'),
        expectedVersion: fc.constantFrom(null, null, 1, 2),
      })
      .map(cancel),
  },
  { weight: 1, arbitrary: fc.constant(null) },
);

/** A log of up to 24 commands: places, cancels and unreadable records. */
export const anyLog = fc.array(command, { minLength: 1, maxLength: 24 }).map(toLog);

/** Places that can usually be sold, cancels and unreadable records. */
export const anyCommand = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .record({
        order,
        lines: fc.array(sellable, { minLength: 1, maxLength: 3 }),
        couponCode: fc.constantFrom(null, null, 'FEW', 'ONCE'),
      })
      .map(place),
  },
  { weight: 1, arbitrary: command },
);

/** Stock levels that suffice for some orders but not for all. */
export const anyStock = fc
  .record({ A: fc.nat({ max: 12 }), B: fc.nat({ max: 12 }), C: fc.nat({ max: 12 }), D: fc.nat({ max: 12 }) })
  .map((levels) => new Map(Object.entries(levels)));

/** Splits the log into consecutive batches. `sizes` has the batch lengths, used in a cycle. */
export function cutLog(log: readonly SourceRecord[], sizes: readonly number[]): SourceRecord[][] {
  const batches: SourceRecord[][] = [];
  for (let at = 0, turn = 0; at < log.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    batches.push(log.slice(at, at + size));
    at += size;
  }
  return batches;
}

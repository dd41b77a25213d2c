/** PLACE: prices an order, takes its stock, and creates its version 1, accepted or rejected. */
import type { OrderEvent, PlaceOrder, Reason } from '../../../schemas/generated/types.ts';
import { currentOrder, type DecisionContext, type NewOrder, type SourceRecord } from '../context.ts';
import type { Redemption } from '../coupon-ledger.ts';
import { accepted, duplicatePlace, keyConflict, rejected } from '../events.ts';
import { acceptedStatus } from '../orders/status.ts';
import { unitsOf } from '../payments/records.ts';
import { type PricedOrder, priceOrder } from '../pricing/price.ts';
import type { Coupon } from '../pricing/rules.ts';
import * as reasons from '../reasons.ts';
import { currencyPattern } from './bounds.ts';
import type { CommandHandler, CommandNeeds, CommandOf } from './handler.ts';
import { lineQuantityMax, orderLinesMax } from './limits.ts';

type PlaceCommand = CommandOf<'PLACE'>;

const metadataEntriesMax = 20;

const skuPattern = /^[!-~]{1,64}$/;
const keyPattern = /^[!-~]{1,255}$/;
const couponPattern = /^[!-~]{1,64}$/;

export const place: CommandHandler<PlaceCommand> = {
  repeatedBy: 'order',
  // The order does not exist yet, so it has no previous status.
  transitions: {},
  givesBack: false,
  problem,
  addNeeds,
  decide,
};

function problem({ customerId, fingerprint, idempotencyKey, payload }: PlaceCommand): string | null {
  if (customerId === null) return 'a PLACE command has no customerId';
  if (fingerprint === null) return 'a PLACE command has no fingerprint';
  if (idempotencyKey === null || !keyPattern.test(idempotencyKey)) {
    return 'idempotencyKey is not 1-255 visible ASCII characters';
  }
  if (!currencyPattern.test(payload.currency)) return 'currency is not an ISO 4217 code';
  if (payload.lines.length < 1 || payload.lines.length > orderLinesMax)
    return `a PLACE command has 1-${orderLinesMax} lines`;
  for (const line of payload.lines) {
    if (!skuPattern.test(line.sku)) return 'a sku is not 1-64 visible ASCII characters';
    if (line.quantity < 1 || line.quantity > lineQuantityMax) return `a quantity is not 1-${lineQuantityMax}`;
    if (line.expectedUnitPrice !== null && line.expectedUnitPrice < 0)
      return 'an expectedUnitPrice is negative';
  }
  if (payload.couponCode !== null && !couponPattern.test(payload.couponCode)) {
    return 'couponCode is not 1-64 visible ASCII characters';
  }
  if (payload.metadata.length > metadataEntriesMax)
    return `metadata has more than ${metadataEntriesMax} entries`;
  return null;
}

/** The insert detects repeats, so the order is read only after a repeat was seen. */
function addNeeds(
  { orderId, customerId, payload }: PlaceCommand,
  needs: CommandNeeds,
  readExisting: boolean,
): void {
  for (const line of payload.lines) needs.skus.push(line.sku);
  needs.customers.push(customerId!);
  if (payload.couponCode !== null) needs.coupons.push({ code: payload.couponCode, customerId: customerId! });
  if (readExisting) needs.orderIds.add(orderId!);
}

/** Decides one PLACE command. A repeated command changes nothing. */
function decide(context: DecisionContext, record: SourceRecord, command: PlaceCommand): OrderEvent {
  const { nowMs, paymentWindowMs } = context.settings;
  const orderId = command.orderId!;
  const existing = currentOrder(context, orderId);
  if (existing !== undefined) {
    return sameBytes(existing.fingerprint, command.fingerprint)
      ? duplicatePlace(record, command, existing, nowMs)
      : keyConflict(record, command, existing, nowMs);
  }
  const { payload } = command;
  const { products, rules } = context.snapshot;
  const { priced, reason: priceReason, coupon } = priceOrder(payload, products, rules, command.issuedAt);
  const customerId = command.customerId!;
  const units = countedUnits(context.snapshot, priced.total, payload);
  const reason =
    (command.sealed === null ? null : reasons.personalDataErased()) ??
    priceReason ??
    context.unpaid.tooLarge(units) ??
    shortOfStock(context, payload) ??
    (coupon === null ? null : context.coupons.refusal(coupon, customerId)) ??
    (units === 0 ? null : context.unpaid.refusal(customerId, units));
  const windowMs = rules.flags.paymentWindowMs ?? paymentWindowMs;
  const dueAtMs = nowMs + windowMs;
  const order = createOrder(context, record, command, { priced, reason, dueAtMs, coupon, units });
  return reason === null
    ? accepted(order, context.snapshot, nowMs)
    : rejected(record, command, reason, nowMs);
}

/** What is known about an order once it is accepted or rejected. */
export interface PlacedTerms {
  readonly priced: PricedOrder;
  /** Why the order is rejected; null if it is accepted. */
  readonly reason: Reason | null;
  /** The end of the payment window, epoch ms. Only an order that must be paid keeps it. */
  readonly dueAtMs: number;
  /** The coupon that was applied. */
  readonly coupon: Coupon | null;
  /** Units that count as unpaid; 0 without a limit. */
  readonly units: number;
}

/** Adds version 1 of the order to the context. An accepted one takes its stock, its coupon and its unpaid units. */
export function createOrder(
  context: DecisionContext,
  record: SourceRecord,
  command: PlaceCommand,
  { priced, reason, dueAtMs, coupon, units }: PlacedTerms,
): NewOrder {
  const { payload } = command;
  const orderId = command.orderId!;
  const customerId = command.customerId!;
  let redemption: Redemption | null = null;
  let unpaidUnits = 0;
  const status = reason === null ? acceptedStatus(priced.total) : 'REJECTED';
  const paymentDueAtMs = status === 'PENDING_PAYMENT' ? dueAtMs : null;
  if (reason === null) {
    for (const line of payload.lines) context.stock.take(line.sku, line.quantity);
    if (units > 0) unpaidUnits = context.unpaid.take(customerId, units);
    if (coupon !== null) redemption = redeem(context, coupon, customerId);
  }
  const order = { record, command, status, priced, reason, paymentDueAtMs, redemption, unpaidUnits } as const;
  context.newOrders.push(order);
  context.orders.set(orderId, {
    orderId,
    customerId,
    fingerprint: command.fingerprint!,
    currency: payload.currency,
    redemption,
    unpaidUnits,
    placedAt: record,
    total: priced.total,
    shipping: priced.shipping,
    tax: priced.tax,
    paymentDueAtMs,
    closeAtMs: null,
    status,
    version: 1,
    received: 0,
    refundPending: 0,
    refunded: 0,
    disputed: 0,
    failedAttempts: 0,
    shippingRefunded: false,
    lines: priced.lines,
    shipments: [],
    returns: 0,
  });
  return order;
}

/** The units of a new order that count against the limit of its customer. */
export function countedUnits(
  { rules }: DecisionContext['snapshot'],
  total: number,
  payload: PlaceOrder,
): number {
  const isCounted = rules.unpaidUnitsMax !== null && acceptedStatus(total) === 'PENDING_PAYMENT';
  return isCounted ? unitsOf(payload).ordered : 0;
}

/**
 * The reason for the first line that needs more than the known stock; else null. Lines of the same SKU are added up.
 */
function shortOfStock(context: DecisionContext, payload: PlaceOrder): Reason | null {
  if (context.snapshot.stockLevels.size === 0) return null;
  const asked = new Map<string, number>();
  for (let index = 0; index < payload.lines.length; index++) {
    const { sku, quantity } = payload.lines[index]!;
    const left = context.stock.left(sku);
    if (left === null) continue;
    const wanted = (asked.get(sku) ?? 0) + quantity;
    asked.set(sku, wanted);
    if (wanted > left) return reasons.outOfStock(index, sku, wanted, Math.max(0, left));
  }
  return null;
}

/** Null if the coupon has no counter: then the order has nothing to give back. */
function redeem({ coupons }: DecisionContext, coupon: Coupon, customerId: string): Redemption | null {
  const counted = coupons.take(coupon, customerId);
  return counted === 0 ? null : { code: coupon.code, counted };
}

function sameBytes(a: Uint8Array, b: Uint8Array | null): boolean {
  return b !== null && Buffer.compare(a, b) === 0;
}

/** PLACE: prices the order, takes its stock, and makes version 1 of it, accepted or rejected. */
import type { OrderCommand, OrderEvent, PlaceOrder, Reason } from '../../schemas/generated/types.ts';
import { accepted, duplicatePlace, keyConflict, rejected } from './events.ts';
import { type Fold, orderInFold, type SourceRecord } from './fold.ts';
import { priceOrder } from './pricing.ts';
import * as reasons from './reasons.ts';

type PlaceCommand = Extract<OrderCommand, { type: 'PLACE' }>;

/** Decides one place and records the new order in the fold; a repeated place changes nothing. */
export function decidePlace(fold: Fold, record: SourceRecord, command: PlaceCommand): OrderEvent {
  const { nowMs, paymentWindowMs } = fold.settings;
  const orderId = command.orderId!;
  const existing = orderInFold(fold, orderId);
  if (existing !== undefined) {
    return sameBytes(existing.fingerprint, command.fingerprint)
      ? duplicatePlace(record, command, existing, nowMs)
      : keyConflict(record, command, existing, nowMs);
  }
  const place = command.payload;
  const { priced, reason: priceReason } = priceOrder(place, fold.snapshot.products);
  const reason = priceReason ?? shortOfStock(fold, place);
  const status = reason === null ? 'PENDING_PAYMENT' : 'REJECTED';
  const paymentDueAtMs = reason === null ? nowMs + paymentWindowMs : null;
  if (reason === null) {
    for (const line of place.lines) fold.stock.take(line.sku, line.quantity);
  }
  const order = { record, command, status, priced, reason, paymentDueAtMs } as const;
  fold.newOrders.push(order);
  fold.orders.set(orderId, {
    orderId,
    customerId: command.customerId!,
    fingerprint: command.fingerprint!,
    currency: place.currency,
    status,
    version: 1,
    lines: place.lines,
  });
  return reason === null
    ? accepted(order, fold.snapshot.priceVersion, nowMs)
    : rejected(record, command, reason, nowMs);
}

/** The first line that the levels known so far cannot serve; lines of one SKU are served together. */
function shortOfStock(fold: Fold, place: PlaceOrder): Reason | null {
  if (fold.snapshot.stockLevels.size === 0) return null;
  const asked = new Map<string, number>();
  for (let index = 0; index < place.lines.length; index++) {
    const { sku, quantity } = place.lines[index]!;
    const left = fold.stock.left(sku);
    if (left === null) continue;
    const wanted = (asked.get(sku) ?? 0) + quantity;
    asked.set(sku, wanted);
    if (wanted > left) return reasons.outOfStock(index, sku, wanted, Math.max(0, left));
  }
  return null;
}

function sameBytes(a: Uint8Array, b: Uint8Array | null): boolean {
  return b !== null && Buffer.compare(a, b) === 0;
}

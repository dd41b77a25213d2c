/** The values of one order for the reference designs: the columns of the product with the same contents. */
import type { OrderEvent, PlaceCommand } from '../../schemas/generated/types.ts';
import {
  acceptedStatus,
  type Coupon,
  customerCounted,
  type OrderStatus,
  type Product,
  priceOrder,
  type Rules,
  timerAtMs,
  totalCounted,
} from '../../services/domain/index.ts';
import { orderKeyOf } from '../../services/orders-db/index.ts';
import { uuidToBytes } from '../../services/shared/mysql/index.ts';

export const orderColumns = [
  'order_key',
  'order_id',
  'customer_id',
  'status',
  'version',
  'currency',
  'subtotal',
  'discount',
  'shipping',
  'tax',
  'total',
  'coupon_code',
  'price_version',
  'idempotency_key',
  'fingerprint',
  'reason',
  'shipping_address',
  'contact',
  'metadata',
  'payment_due_at_ms',
  'timer_at_ms',
  'tax_included',
  'shipping_tax_rate_ppm',
  'coupon_counted',
  'rules_version',
  'flags',
  'created_at_ms',
  'updated_at_ms',
] as const;
export const itemColumns = [
  'order_key',
  'line_no',
  'sku',
  'quantity',
  'unit_price',
  'line_total',
  'discount',
  'tax',
  'tax_included',
  'tax_rate_ppm',
] as const;

export type Cell = string | number | null | Buffer;

const paymentWindowMs = 30 * 60_000;

export interface PricedCommand {
  readonly command: PlaceCommand;
  readonly key: number;
  readonly priced: ReturnType<typeof priceOrder>['priced'];
  /** Why the order is rejected by its price; null if it is not. */
  readonly reason: OrderEvent['reason'];
  /** The coupon that was applied. */
  readonly coupon: Coupon | null;
  readonly priceVersion: number;
  readonly rules: Rules;
}

/** Prices the order with the function of the product. So all designs store the same amounts. */
export function priced(
  command: PlaceCommand,
  { partition, offset }: { readonly partition: number; readonly offset: number },
  products: ReadonlyMap<string, Product>,
  priceVersion: number,
  rules: Rules,
): PricedCommand {
  const pricing = priceOrder(command.payload, products, rules, command.issuedAt);
  return { ...pricing, command, key: orderKeyOf(partition, offset), priceVersion, rules };
}

/** Status, due time and timer of the order that was accepted, or rejected. */
export function stateOf({ priced: { total } }: PricedCommand, isRejected: boolean, nowMs: number) {
  const status: OrderStatus = isRejected ? 'REJECTED' : acceptedStatus(total);
  const paymentDueAtMs = status === 'PENDING_PAYMENT' ? nowMs + paymentWindowMs : null;
  return { status, paymentDueAtMs, timerAtMs: timerAtMs({ status, paymentDueAtMs }) };
}

/** The values in the order of `orderColumns`. `reason` is JSON, and null for an accepted order. */
export function orderCells(order: PricedCommand, reason: string | null, nowMs: number): Cell[] {
  const { command, key, priced: amounts, coupon, priceVersion, rules } = order;
  const { payload } = command;
  const metadata =
    payload.metadata.length === 0
      ? null
      : JSON.stringify(Object.fromEntries(payload.metadata.map(({ key: name, value }) => [name, value])));
  const state = stateOf(order, reason !== null, nowMs);
  return [
    key,
    uuidToBytes(command.orderId!),
    command.customerId,
    state.status,
    1,
    payload.currency,
    amounts.subtotal,
    amounts.discount,
    amounts.shipping,
    amounts.tax,
    amounts.total,
    payload.couponCode,
    priceVersion,
    command.idempotencyKey,
    command.fingerprint,
    reason,
    JSON.stringify(payload.shippingAddress),
    payload.contactEmail === null ? null : JSON.stringify({ email: payload.contactEmail }),
    metadata,
    state.paymentDueAtMs,
    state.timerAtMs,
    amounts.taxIncluded,
    amounts.shippingTaxRatePpm,
    reason === null && coupon !== null ? countedOf(coupon) : 0,
    rules.version,
    rules.flagsText,
    nowMs,
    nowMs,
  ];
}

/** The bits of the counters that a redemption of the coupon takes. */
function countedOf({ totalLimit, customerLimit }: Coupon): number {
  return (totalLimit === null ? 0 : totalCounted) + (customerLimit === null ? 0 : customerCounted);
}

/** The values in the order of `itemColumns`, one array per line. */
export function itemCells({ key, priced: { lines } }: PricedCommand): Cell[][] {
  return lines.map((line, index) => [
    key,
    index + 1,
    line.sku,
    line.quantity,
    line.unitPrice,
    line.lineTotal,
    line.discount,
    line.tax,
    line.taxIncluded,
    line.taxRatePpm,
  ]);
}

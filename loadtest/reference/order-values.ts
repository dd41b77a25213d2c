/** The values of one order for the reference designs: the columns of the product with the same contents. */
import type { PlaceCommand } from '../../schemas/generated/types.ts';
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
  'created_at_ms',
  'updated_at_ms',
] as const;
export const itemColumns = ['order_key', 'line_no', 'sku', 'quantity', 'unit_price', 'line_total'] as const;

export type Cell = string | number | null | Buffer;

const paymentWindowMs = 30 * 60_000;

export interface PricedCommand {
  readonly command: PlaceCommand;
  readonly key: number;
  readonly subtotal: number;
  readonly priceVersion: number;
  /** The unit price of each line; null for an unknown SKU. */
  readonly unitPrices: readonly (number | null)[];
}

export function priced(
  command: PlaceCommand,
  partition: number,
  offset: number,
  prices: ReadonlyMap<string, number>,
  priceVersion: number,
): PricedCommand {
  const unitPrices = command.payload.lines.map(({ sku }) => prices.get(sku) ?? null);
  const subtotal = command.payload.lines.reduce(
    (sum, line, index) => sum + line.quantity * (unitPrices[index] ?? 0),
    0,
  );
  return { command, key: orderKeyOf(partition, offset), subtotal, priceVersion, unitPrices };
}

/** The values in the order of `orderColumns`. `reason` is JSON, and null for an accepted order. */
export function orderCells(order: PricedCommand, reason: string | null, nowMs: number): Cell[] {
  const { command, key, subtotal, priceVersion } = order;
  const { payload } = command;
  const metadata =
    payload.metadata.length === 0
      ? null
      : JSON.stringify(Object.fromEntries(payload.metadata.map(({ key: name, value }) => [name, value])));
  return [
    key,
    uuidToBytes(command.orderId!),
    command.customerId,
    reason === null ? 'PENDING_PAYMENT' : 'REJECTED',
    1,
    payload.currency,
    subtotal,
    0,
    0,
    0,
    subtotal,
    payload.couponCode,
    priceVersion,
    command.idempotencyKey,
    command.fingerprint,
    reason,
    JSON.stringify(payload.shippingAddress),
    payload.contactEmail === null ? null : JSON.stringify({ email: payload.contactEmail }),
    metadata,
    reason === null ? nowMs + paymentWindowMs : null,
    nowMs,
    nowMs,
  ];
}

/** The values in the order of `itemColumns`, one array per line. */
export function itemCells({ command, key, unitPrices }: PricedCommand): Cell[][] {
  return command.payload.lines.map(({ sku, quantity }, index) => {
    const unitPrice = unitPrices[index]!;
    return [key, index + 1, sku, quantity, unitPrice, unitPrice === null ? null : unitPrice * quantity];
  });
}

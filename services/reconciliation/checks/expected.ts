/**
 * Reads the expectation of an open finding. With it, a finding closes when the order agrees again, for an outcome
 * of any age.
 */
import type { OrderMoney, OrderUnits } from '../../../schemas/index.ts';
import { partitionOfOrder } from '../../../topics/index.ts';
import { type ExpectedOrder, isOrderId } from '../matching/recent-outcomes.ts';

/** Null if this version does not write such a text. The expected state of the order is then unknown. */
export function expectedIn(orderId: string, text: string): ExpectedOrder | null {
  const sides = parse(text);
  if (sides === null || !isOrderId(orderId)) return null;
  const { version, status, total, customerId, sourceOffset = 0, money = null, units = null } = sides;
  if (!isCount(version) || !isCount(sourceOffset)) return null;
  if (!isTextOrNull(status) || !isTextOrNull(customerId) || !(total === null || isCount(total))) return null;
  if (!(money === null || isMoney(money)) || !(units === null || isUnits(units))) return null;
  const partition = partitionOfOrder(orderId);
  return { orderId, partition, version, status, total, customerId, sourceOffset, money, units };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    // The text was cut at the maximum length or written by hand.
    return null;
  }
}

function isMoney(value: unknown): value is OrderMoney {
  if (typeof value !== 'object' || value === null) return false;
  const { received, refundPending, refunded, disputed } = value as Record<string, unknown>;
  return [received, refundPending, refunded, disputed].every(isCount);
}

function isUnits(value: unknown): value is OrderUnits {
  if (typeof value !== 'object' || value === null) return false;
  const { ordered, cancelled, shipped, returned, restocked } = value as Record<string, unknown>;
  return [ordered, cancelled, shipped, returned, restocked].every(isCount);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

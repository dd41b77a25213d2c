/**
 * What a command must fulfil beyond its schema. Our API never sends one that does not; another producer's mistake
 * ends as a dead letter with these words instead of as a row that nobody can explain.
 */
import type { OrderCommand, PlaceOrder } from '../../schemas/generated/types.ts';

export const orderLinesMax = 100;
export const lineQuantityMax = 10_000;
const metadataEntriesMax = 20;
/** It travels into the event, which a megabyte of it would make too long to publish. W3C's form has 55 characters. */
const traceparentLengthMax = 256;

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const skuPattern = /^[!-~]{1,64}$/;
const customerPattern = /^[!-~]{1,128}$/;
const keyPattern = /^[!-~]{1,255}$/;
const commandIdPattern = /^[!-~]{1,128}$/;
const actorPattern = /^[!-~]{1,128}$/;
const currencyPattern = /^[A-Z]{3}$/;
const couponPattern = /^[!-~]{1,64}$/;

/** The first thing that is wrong with a decoded command, in words, or null. */
export function commandProblem(command: OrderCommand): string | null {
  if (!commandIdPattern.test(command.commandId)) return 'commandId is not 1-128 visible ASCII characters';
  if (!actorPattern.test(command.actor)) return 'actor is not 1-128 visible ASCII characters';
  if (command.traceparent !== null && command.traceparent.length > traceparentLengthMax) {
    return `traceparent is longer than ${traceparentLengthMax} characters`;
  }
  if (command.type === 'ADJUST_STOCK') {
    return skuPattern.test(command.payload.sku) ? null : 'the sku is not 1-64 visible ASCII characters';
  }
  if (command.orderId === null || !uuidPattern.test(command.orderId))
    return 'orderId is not a lower-case UUID';
  if (command.customerId !== null && !customerPattern.test(command.customerId)) {
    return 'customerId is not 1-128 visible ASCII characters';
  }
  if (command.type !== 'PLACE') return null;
  if (command.customerId === null) return 'a place has no customerId';
  if (command.fingerprint === null) return 'a place has no fingerprint';
  if (command.idempotencyKey === null || !keyPattern.test(command.idempotencyKey)) {
    return 'idempotencyKey is not 1-255 visible ASCII characters';
  }
  return placeProblem(command.payload);
}

function placeProblem(place: PlaceOrder): string | null {
  if (!currencyPattern.test(place.currency)) return 'currency is not an ISO 4217 code';
  if (place.lines.length < 1 || place.lines.length > orderLinesMax)
    return `a place has 1-${orderLinesMax} lines`;
  for (const line of place.lines) {
    if (!skuPattern.test(line.sku)) return 'a sku is not 1-64 visible ASCII characters';
    if (line.quantity < 1 || line.quantity > lineQuantityMax) return `a quantity is not 1-${lineQuantityMax}`;
    if (line.expectedUnitPrice !== null && line.expectedUnitPrice < 0)
      return 'an expectedUnitPrice is negative';
  }
  if (place.couponCode !== null && !couponPattern.test(place.couponCode)) {
    return 'couponCode is not 1-64 visible ASCII characters';
  }
  if (place.metadata.length > metadataEntriesMax)
    return `metadata has more than ${metadataEntriesMax} entries`;
  return null;
}

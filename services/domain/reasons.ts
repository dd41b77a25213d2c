/** The reasons for a refusal, as data. `seen` is the state that the decision saw, as JSON. */
import type { Reason } from '../../schemas/generated/types.ts';
import type { OrderStatus } from './orders/status.ts';
import type { KnownPayment } from './payments/payment.ts';

export const unknownSku = (line: number, sku: string): Reason =>
  reason('UNKNOWN_SKU', `No product has the SKU ${sku}.`, `/items/${line}/sku`, { sku });

export const currencyMismatch = (line: number, asked: string, priced: string): Reason =>
  reason(
    'CURRENCY_MISMATCH',
    `The order is in ${asked}, the product is sold in ${priced}.`,
    `/items/${line}/sku`,
    {
      currency: priced,
    },
  );

export const priceChanged = (line: number, expected: number, actual: number): Reason =>
  reason(
    'PRICE_CHANGED',
    `The unit price is ${actual}, not the expected ${expected}.`,
    `/items/${line}/expectedUnitPrice`,
    { expectedUnitPrice: expected, unitPrice: actual },
  );

export const outOfStock = (line: number, sku: string, asked: number, available: number): Reason =>
  reason(
    'OUT_OF_STOCK',
    `${available} of ${sku} are available, ${asked} were asked for.`,
    `/items/${line}/quantity`,
    {
      sku,
      asked,
      available,
    },
  );

export const couponUnknown = (couponCode: string): Reason =>
  reason('COUPON_UNKNOWN', 'No coupon has this code.', '/couponCode', { couponCode });

export const couponsOff = (): Reason =>
  reason('COUPONS_OFF', 'No coupon can be used at the moment.', '/couponCode', null);

export const couponNotValid = (atMs: number, fromMs: number | null, untilMs: number | null): Reason =>
  reason('COUPON_NOT_VALID', 'The coupon is not valid at the time of the order.', '/couponCode', {
    atMs,
    fromMs,
    untilMs,
  });

export const couponCurrency = (asked: string, valid: string): Reason =>
  reason('COUPON_CURRENCY', `The order is in ${asked}, the coupon is valid in ${valid}.`, '/couponCode', {
    currency: valid,
  });

export const couponScope = (): Reason =>
  reason('COUPON_SCOPE', 'The coupon is valid for none of the products in the order.', '/couponCode', null);

export const couponMinimum = (eligible: number, minimum: number): Reason =>
  reason(
    'COUPON_MINIMUM',
    `The products for which the coupon is valid cost ${eligible}, and it needs at least ${minimum}.`,
    '/couponCode',
    { eligible, minimum },
  );

export const couponExhausted = (limit: number): Reason =>
  reason('COUPON_EXHAUSTED', `All ${limit} uses of the coupon are taken.`, '/couponCode', { limit });

/** The fields are still sealed, because their key is erased. */
export const personalDataErased = (): Reason =>
  reason(
    'PERSONAL_DATA_ERASED',
    'The personal data of the customer was erased before the order was decided.',
    null,
    null,
  );

export const unpaidLimit = (limit: number, units: number): Reason =>
  reason('UNPAID_LIMIT', `A customer can hold ${limit} units in unpaid orders.`, '/items', { limit, units });

export const couponUsed = (limit: number): Reason =>
  reason('COUPON_USED', `A customer can use the coupon ${limit} times.`, '/couponCode', { limit });

export const shippingUnavailable = (currency: string, weightGrams: number): Reason =>
  reason(
    'SHIPPING_UNAVAILABLE',
    'The order cannot be shipped: no shipping rate fits its country, currency and weight.',
    '/shippingAddress',
    { currency, weightGrams },
  );

export const taxRateUnknown = (category: string): Reason =>
  reason(
    'TAX_RATE_UNKNOWN',
    `No tax rate is known for the category ${category} at the shipping address.`,
    '/shippingAddress',
    { category },
  );

export const totalChanged = (expected: number, actual: number): Reason =>
  reason('TOTAL_CHANGED', `The total is ${actual}, not the expected ${expected}.`, '/expectedTotal', {
    expectedTotal: expected,
    total: actual,
  });

export const amountTooLarge = (): Reason =>
  reason('AMOUNT_TOO_LARGE', 'The total is beyond the largest amount that can be kept exactly.', null, null);

export const keyConflict = (isPlace: boolean): Reason =>
  reason(
    'KEY_CONFLICT',
    isPlace
      ? 'Another order was placed with the same idempotency key.'
      : 'Another request was sent with the same idempotency key.',
    null,
    null,
  );

/** `wanted` is null for a command that keeps the status. */
export const orderUnknown = (wanted: OrderStatus | null): Reason =>
  reason(
    'ORDER_UNKNOWN',
    wanted === null
      ? 'The order does not exist.'
      : `The order does not exist, so it cannot become ${wanted}.`,
    null,
    { wanted },
  );

export const illegalChange = (current: OrderStatus, wanted: OrderStatus): Reason =>
  reason('ILLEGAL_CHANGE', `An order that is ${current} cannot become ${wanted}.`, null, { current, wanted });

export const versionMismatch = (expected: number, actual: number): Reason =>
  reason('VERSION_MISMATCH', `The order is at version ${actual}, not at the expected ${expected}.`, null, {
    expected,
    actual,
  });

export const partlyShipped = (): Reason =>
  reason(
    'PARTLY_SHIPPED',
    'A part of the order is shipped, so it cannot be cancelled as a whole.',
    null,
    null,
  );

export const linesUnsupported = (): Reason =>
  reason('LINES_UNSUPPORTED', 'Single lines of an order cannot be cancelled.', '/lines', null);

/** `at` is the index in the list of the command. */
export const lineUnknown = (at: number, line: number): Reason =>
  reason('LINE_UNKNOWN', `The order has no line ${line}.`, `/lines/${at}/line`, { line });

/** Without a line: the command means the whole order, and nothing of it is left. */
export const quantityTooLarge = (
  at: number | null,
  line: number | null,
  asked: number | null,
  left: number,
): Reason =>
  line === null
    ? reason('QUANTITY_TOO_LARGE', 'No unit of the order is left.', null, { line, asked, left })
    : reason(
        'QUANTITY_TOO_LARGE',
        `The command names ${asked} units of line ${line}, and only ${left} are left.`,
        `/lines/${at}/quantity`,
        { line, asked, left },
      );

export const notPaidFor = (): Reason =>
  reason('NOT_PAID_FOR', 'The payment of the order is refunded, so nothing is shipped.', null, null);

export const shipmentUnknown = (shipment: number): Reason =>
  reason('SHIPMENT_UNKNOWN', `The order has no shipment ${shipment}.`, '/shipment', { shipment });

export const alreadyDelivered = (shipment: number | null): Reason =>
  reason('ALREADY_DELIVERED', 'The delivery was reported before.', '/shipment', { shipment });

export const shippingRefunded = (): Reason =>
  reason('SHIPPING_REFUNDED', 'The shipping of the order was refunded before.', '/shipping', null);

export const cancelInstead = (): Reason =>
  reason(
    'CANCEL_INSTEAD',
    'Nothing of the order is shipped, and the refund would leave nothing of its payment.',
    null,
    null,
  );

export const countUnsupported = (): Reason =>
  reason(
    'COUNT_UNSUPPORTED',
    'A stock level cannot be set to a count. Send the difference.',
    '/countedTo',
    null,
  );

export const skuWithoutStock = (sku: string): Reason =>
  reason('STOCK_UNKNOWN', `The SKU ${sku} has no stock. Import its product first.`, '/sku', { sku });

export const stockTooLow = (sku: string, available: number, delta: number): Reason =>
  reason('STOCK_TOO_LOW', `Only ${available} units of ${sku} are available.`, '/delta', {
    sku,
    available,
    delta,
  });

export const stockTooHigh = (sku: string, available: number, delta: number): Reason =>
  reason('STOCK_TOO_HIGH', `The level of ${sku} would be beyond the largest exact number.`, '/delta', {
    sku,
    available,
    delta,
  });

export const kindUnknown = (kind: string): Reason =>
  reason('KIND_UNKNOWN', 'Only captured payments are known.', null, { kind });

export const paymentKnown = (known: Pick<KnownPayment, 'orderId' | 'amount' | 'currency'>): Reason =>
  reason('PAYMENT_KNOWN', 'This payment was recorded before.', null, {
    orderId: known.orderId,
    amount: known.amount,
    currency: known.currency,
  });

export const paymentUnmatched = (): Reason =>
  reason('PAYMENT_UNMATCHED', 'The payment belongs to no order. It is refunded.', null, null);

export const tooMany = (what: string, max: number): Reason =>
  reason('TOO_MANY', `The order already has ${max} ${what}.`, null, { max });

export const notDue = (dueAtMs: number | null): Reason =>
  reason('NOT_DUE', 'The order is not due at this time.', null, { dueAtMs });

export const refundUnknown = (): Reason =>
  reason('REFUND_UNKNOWN', 'The order has no such refund, or several open ones of this amount.', null, null);

export const refundDiffers = (status: string, providerRefundId: string | null): Reason =>
  reason('REFUND_DIFFERS', 'The result does not fit the refund that is recorded.', null, {
    status,
    providerRefundId,
  });

export const refundTooLarge = (amount: number, refundable: number): Reason =>
  reason('REFUND_TOO_LARGE', `Only ${refundable} of the payment can still be refunded.`, null, {
    amount,
    refundable,
  });

export const refundNotFailed = (status: string, retried: boolean): Reason =>
  reason('REFUND_NOT_FAILED', 'Only a failed refund can be requested again, and only once.', null, {
    status,
    retried,
  });

function reason(code: string, message: string, pointer: string | null, seen: object | null): Reason {
  return { code, message, pointer, seen: seen === null ? null : JSON.stringify(seen) };
}

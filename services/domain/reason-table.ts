/** Every reason code that a decision can give, for the reference pages. `reasons.ts` creates the reasons. */

export interface ReasonRow {
  /** The outcome that has this reason. */
  readonly outcome: 'REJECTED' | 'REFUSED' | 'KEY_CONFLICT';
  /** The meaning and the remedy. */
  readonly meaning: string;
  /** Members of `seen`; empty if `seen` is null. */
  readonly seen: readonly string[];
}

export const reasonTable: Readonly<Record<string, ReasonRow>> = {
  UNKNOWN_SKU: {
    outcome: 'REJECTED',
    meaning: 'The catalogue has no such product.',
    seen: ['sku'],
  },
  CURRENCY_MISMATCH: {
    outcome: 'REJECTED',
    meaning: 'The currency of the product differs from the currency of the order.',
    seen: ['currency'],
  },
  PRICE_CHANGED: {
    outcome: 'REJECTED',
    meaning:
      'The unit price differs from the `expectedUnitPrice` of the line. Place a new order with the current price.',
    seen: ['expectedUnitPrice', 'unitPrice'],
  },
  OUT_OF_STOCK: {
    outcome: 'REJECTED',
    meaning: 'Fewer units are available than the order needs. The order reserves no stock for any line.',
    seen: ['sku', 'asked', 'available'],
  },
  COUPON_UNKNOWN: {
    outcome: 'REJECTED',
    meaning: 'No coupon has this code.',
    seen: ['couponCode'],
  },
  COUPONS_OFF: {
    outcome: 'REJECTED',
    meaning:
      'The shop has switched all coupons off. The order is not placed at its full price. Try later, or place it without the coupon.',
    seen: [],
  },
  COUPON_NOT_VALID: {
    outcome: 'REJECTED',
    meaning: 'The command was issued before the first or after the last moment of the coupon.',
    seen: ['atMs', 'fromMs', 'untilMs'],
  },
  COUPON_CURRENCY: {
    outcome: 'REJECTED',
    meaning: 'The currency of the coupon differs from the currency of the order.',
    seen: ['currency'],
  },
  COUPON_SCOPE: {
    outcome: 'REJECTED',
    meaning: 'The coupon is valid for none of the products in the order.',
    seen: [],
  },
  COUPON_MINIMUM: {
    outcome: 'REJECTED',
    meaning: 'The products for which the coupon is valid cost less than its minimum, before discounts.',
    seen: ['eligible', 'minimum'],
  },
  COUPON_EXHAUSTED: {
    outcome: 'REJECTED',
    meaning:
      'Other orders hold all uses of the coupon. An order that is cancelled, expires or is not paid releases its use.',
    seen: ['limit'],
  },
  COUPON_USED: {
    outcome: 'REJECTED',
    meaning:
      'Other orders of the customer hold all uses of the coupon that one customer has. An order that is cancelled, expires or is not paid releases its use.',
    seen: ['limit'],
  },
  UNPAID_LIMIT: {
    outcome: 'REJECTED',
    meaning:
      'With this order, the unpaid orders of the customer would hold more units than the shop allows. Pay or cancel an order first.',
    seen: ['limit', 'units'],
  },
  PERSONAL_DATA_ERASED: {
    outcome: 'REJECTED',
    meaning:
      'The personal data of the customer was erased before the order was decided. So nobody can deliver the order. Place a new order with a new key, after a minute at the earliest.',
    seen: [],
  },
  SHIPPING_UNAVAILABLE: {
    outcome: 'REJECTED',
    meaning:
      'No shipping rate fits the country, currency and weight of the order. An order without an address needs a rate for all countries.',
    seen: ['currency', 'weightGrams'],
  },
  TAX_RATE_UNKNOWN: {
    outcome: 'REJECTED',
    meaning:
      'No tax rate covers a product, or shipping, at the shipping address. An order without an address needs a rate for all countries.',
    seen: ['category'],
  },
  TOTAL_CHANGED: {
    outcome: 'REJECTED',
    meaning:
      'The total differs from the `expectedTotal` of the order. Ask for a quote, and place a new order with the current total.',
    seen: ['expectedTotal', 'total'],
  },
  AMOUNT_TOO_LARGE: {
    outcome: 'REJECTED',
    meaning: 'The total is above the largest amount that can be stored exactly. Place several orders.',
    seen: [],
  },
  KEY_CONFLICT: {
    outcome: 'KEY_CONFLICT',
    meaning:
      'Another request was sent before with the same idempotency key. What it did is unchanged. Use a new key.',
    seen: [],
  },
  ORDER_UNKNOWN: {
    outcome: 'REFUSED',
    meaning: 'The order that should change does not exist.',
    seen: ['wanted'],
  },
  ILLEGAL_CHANGE: {
    outcome: 'REFUSED',
    meaning: 'The status of the order does not allow this change.',
    seen: ['current', 'wanted'],
  },
  VERSION_MISMATCH: {
    outcome: 'REFUSED',
    meaning: 'The order changed after the version that the command expects. Read the order again.',
    seen: ['expected', 'actual'],
  },
  PARTLY_SHIPPED: {
    outcome: 'REFUSED',
    meaning: 'A part of the order is on its way. Only an operator can cancel the rest of it.',
    seen: [],
  },
  LINES_UNSUPPORTED: {
    outcome: 'REFUSED',
    meaning: 'The command names lines, but only a whole order can be cancelled.',
    seen: [],
  },
  LINE_UNKNOWN: {
    outcome: 'REFUSED',
    meaning: 'The command names a line that the order does not have. Lines count from 1.',
    seen: ['line'],
  },
  QUANTITY_TOO_LARGE: {
    outcome: 'REFUSED',
    meaning:
      'Fewer units of a line are left than the command names. Without lines in the command, no unit is left; then `line` is null.',
    seen: ['line', 'asked', 'left'],
  },
  NOT_PAID_FOR: {
    outcome: 'REFUSED',
    meaning:
      'Nothing of the payment is left, because it was refunded. Goods of such an order are not shipped.',
    seen: [],
  },
  SHIPMENT_UNKNOWN: {
    outcome: 'REFUSED',
    meaning: 'The order has no shipment with this number. Shipments count from 1.',
    seen: ['shipment'],
  },
  ALREADY_DELIVERED: {
    outcome: 'REFUSED',
    meaning: 'The delivery of the shipment was reported before.',
    seen: ['shipment'],
  },
  SHIPPING_REFUNDED: {
    outcome: 'REFUSED',
    meaning: 'The shipping of the order was refunded before. It is refunded once.',
    seen: [],
  },
  CANCEL_INSTEAD: {
    outcome: 'REFUSED',
    meaning:
      'The refund would leave nothing of the payment, and nothing is shipped. Cancel the order: this also returns its stock.',
    seen: [],
  },
  COUNT_UNSUPPORTED: {
    outcome: 'REFUSED',
    meaning: 'The command sets a stock level to a count. Send the difference as `delta`.',
    seen: [],
  },
  STOCK_UNKNOWN: {
    outcome: 'REFUSED',
    meaning: 'The SKU has no stock row. `catalogue import` makes one for each product.',
    seen: ['sku'],
  },
  STOCK_TOO_LOW: {
    outcome: 'REFUSED',
    meaning:
      'Fewer units are available than the adjustment takes away. Units of orders that hold stock are not available.',
    seen: ['sku', 'available', 'delta'],
  },
  STOCK_TOO_HIGH: {
    outcome: 'REFUSED',
    meaning: 'The level would be above the largest number that can be stored exactly.',
    seen: ['sku', 'available', 'delta'],
  },
  KIND_UNKNOWN: {
    outcome: 'REFUSED',
    meaning: 'The payment is not captured. Only captured payments count.',
    seen: ['kind'],
  },
  PAYMENT_KNOWN: {
    outcome: 'REFUSED',
    meaning: 'The payment was recorded before, for this order or for the one in `seen`. It counts once.',
    seen: ['orderId', 'amount', 'currency'],
  },
  PAYMENT_UNMATCHED: {
    outcome: 'REFUSED',
    meaning: 'The payment belongs to no order. It is stored and refunded, and changes no order.',
    seen: [],
  },
  TOO_MANY: {
    outcome: 'REFUSED',
    meaning: 'The order has too many records of this kind.',
    seen: ['max'],
  },
  NOT_DUE: {
    outcome: 'REFUSED',
    meaning: 'The time of the change has not come, or the order now has another due time.',
    seen: ['dueAtMs'],
  },
  REFUND_UNKNOWN: {
    outcome: 'REFUSED',
    meaning:
      'The order has no such refund. Without an id: it has not exactly one open refund of this amount.',
    seen: [],
  },
  REFUND_DIFFERS: {
    outcome: 'REFUSED',
    meaning:
      'The result has another amount or provider, or the refund already has a result that it does not replace.',
    seen: ['status', 'providerRefundId'],
  },
  REFUND_TOO_LARGE: {
    outcome: 'REFUSED',
    meaning: 'The payment has less left than the refund needs.',
    seen: ['amount', 'refundable'],
  },
  REFUND_NOT_FAILED: {
    outcome: 'REFUSED',
    meaning: 'The refund has not failed, or a newer refund repeats it already.',
    seen: ['status', 'retried'],
  },
};

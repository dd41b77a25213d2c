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
  AMOUNT_TOO_LARGE: {
    outcome: 'REJECTED',
    meaning: 'The total is above the largest amount that can be stored exactly. Place several orders.',
    seen: [],
  },
  KEY_CONFLICT: {
    outcome: 'KEY_CONFLICT',
    meaning:
      'Another order was placed with the same idempotency key. The first order is unchanged. Use a new key.',
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
};

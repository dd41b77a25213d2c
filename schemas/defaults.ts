/**
 * The fields that version 2 of the schemas adds. They have the values with which records of version 1 are read. For
 * values that use none of these fields.
 */

export const placeDefaults = { expectedTotal: null, shippingMethod: null } as const;

/** Defaults of a line of an order, in events and states. */
export const lineDefaults = { discount: 0, tax: 0, taxIncluded: 0, taxRatePpm: 0 } as const;

/** Defaults of the decided values of an order, in events and states. */
export const orderDefaults = {
  taxIncluded: 0,
  shippingTaxRatePpm: 0,
  rulesVersion: 0,
  flags: null,
  shippingMethod: null,
} as const;

export const eventDefaults = {
  refund: null,
  return: null,
  cancelled: null,
  dispute: null,
  money: null,
  units: null,
} as const;

/** A valid order request without customer and key. Each protocol passes it to the application in this form. */

export interface PlaceOrderLine {
  readonly sku: string;
  readonly quantity: number;
  /** In minor units of the currency. */
  readonly expectedUnitPrice?: number;
}

interface DeliveryAddress {
  readonly name: string;
  readonly line1: string;
  readonly line2?: string;
  readonly city: string;
  readonly region?: string;
  readonly postalCode: string;
  readonly country: string;
}

export interface PlaceOrderInput {
  readonly currency: string;
  readonly items: readonly PlaceOrderLine[];
  readonly couponCode?: string;
  /** In minor units of the currency. */
  readonly expectedTotal?: number;
  readonly shippingAddress: DeliveryAddress;
  readonly contact?: { readonly email?: string };
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Maximum orders of one batch. */
export const batchOrdersMax = 500;

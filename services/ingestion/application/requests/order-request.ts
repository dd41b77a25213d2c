/**
 * The request to place an order. These schemas validate it, and the OpenAPI document is generated from them.
 */
import Type, { type Static } from 'typebox';
import {
  lineQuantityMax,
  linesPattern,
  mailAddressLengthMax,
  mailAddressPattern,
  oneLinePattern,
  orderLinesMax,
} from '../../../domain/index.ts';
import { batchOrdersMax } from '../submit/place-order-input.ts';
import { amountMax, closed, identifier, text } from './fields.ts';

const Currency = Type.String({
  minLength: 3,
  maxLength: 3,
  pattern: '^[A-Z]{3}$',
  description: 'ISO 4217 code. All amounts are integers in minor units of this currency.',
  examples: ['EUR'],
});

const OrderLine = Type.Object(
  {
    sku: identifier(64, 'Stock keeping unit. Several lines may have the same SKU.'),
    quantity: Type.Integer({ minimum: 1, maximum: lineQuantityMax }),
    expectedUnitPrice: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: amountMax,
        description: 'In minor units. If the actual price differs, the order is rejected with PRICE_CHANGED.',
      }),
    ),
  },
  { ...closed, $id: 'OrderLine' },
);

export const ShippingAddress = Type.Object(
  {
    name: text(200, 'Name of the recipient.'),
    line1: text(200, 'Street and number.'),
    line2: Type.Optional(text(200, 'Second line of the address.')),
    city: text(100, 'City.'),
    region: Type.Optional(text(100, 'State, province or region.')),
    postalCode: text(20, 'Postal code.'),
    country: Type.String({
      minLength: 2,
      maxLength: 2,
      pattern: '^[A-Z]{2}$',
      description: 'ISO 3166-1 alpha-2 code.',
    }),
  },
  { ...closed, $id: 'ShippingAddress' },
);

export const Contact = Type.Object(
  {
    email: Type.Optional(
      Type.String({
        minLength: 3,
        maxLength: mailAddressLengthMax,
        pattern: mailAddressPattern,
        description:
          'ASCII email address: dot-atom, `@` and host name (RFC 5321). Quoted strings and address literals are not allowed.',
      }),
    ),
  },
  { ...closed, $id: 'Contact' },
);

/** Not `Type.Record`, because its pattern `^.*$` accepts any value for a key with a line break. */
export const Metadata = Type.Unsafe<Record<string, string>>({
  $id: 'Metadata',
  type: 'object',
  additionalProperties: { type: 'string', maxLength: 500, pattern: linesPattern },
  maxProperties: 20,
  propertyNames: { type: 'string', minLength: 1, maxLength: 40, pattern: oneLinePattern },
  description:
    'Your own data, stored with the order: at most 20 pairs. Keys have up to 40 and values up to 500 characters. Values may contain line breaks and tabs, but no other control characters.',
});

export const OrderRequest = Type.Object(
  {
    currency: Currency,
    items: Type.Array(OrderLine, { minItems: 1, maxItems: orderLinesMax }),
    couponCode: Type.Optional(identifier(64, 'A coupon to apply.')),
    expectedTotal: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: amountMax,
        description:
          'In minor units, for example from a quote. If the actual total differs, the order is rejected with TOTAL_CHANGED.',
      }),
    ),
    shippingAddress: ShippingAddress,
    contact: Type.Optional(Contact),
    metadata: Type.Optional(Metadata),
  },
  {
    ...closed,
    $id: 'OrderRequest',
    examples: [
      {
        currency: 'EUR',
        items: [{ sku: 'MUG-BLUE', quantity: 2, expectedUnitPrice: 1250 }],
        shippingAddress: {
          name: 'Ada Example',
          line1: '1 Sample Street',
          city: 'Berlin',
          postalCode: '10115',
          country: 'DE',
        },
      },
    ],
  },
);
export type OrderRequest = Static<typeof OrderRequest>;

export const BatchItem = Type.Object(
  {
    idempotencyKey: identifier(
      255,
      'The key of this order, in the form of the header `Idempotency-Key`. `abc` and `"abc"` are the same key.',
    ),
    order: OrderRequest,
  },
  { ...closed, $id: 'BatchItem' },
);
export type BatchItem = Static<typeof BatchItem>;

/**
 * The body of a batch without its items. The items are checked one by one, so that an invalid item affects no
 * other.
 */
export const BatchFrame = Type.Object(
  { orders: Type.Array(Type.Unknown(), { minItems: 1, maxItems: batchOrdersMax }) },
  closed,
);
export type BatchFrame = Static<typeof BatchFrame>;

export const BatchRequest = Type.Object(
  { orders: Type.Array(BatchItem, { minItems: 1, maxItems: batchOrdersMax }) },
  { ...closed, $id: 'BatchRequest' },
);

export const CancelRequest = Type.Object(
  { reason: Type.Optional(text(200, 'Free-text reason. The history of the order shows it.')) },
  { ...closed, $id: 'CancelRequest' },
);
export type CancelRequest = Static<typeof CancelRequest>;

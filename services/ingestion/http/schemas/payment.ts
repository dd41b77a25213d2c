/** Payment sessions and callbacks, as clients and providers send and get them. */
import Type from 'typebox';

const closed = { additionalProperties: false } as const;

export const PaymentSessionRequest = Type.Object(
  {
    provider: Type.Optional(
      Type.String({
        pattern: '^[a-z][a-z0-9-]{0,31}$',
        description: 'Name of a payment provider of this service. Default: the first one.',
      }),
    ),
    returnUrl: Type.Optional(
      Type.String({
        maxLength: 2_000,
        pattern: '^https?://[!-~]+$',
        description: 'Where the customer goes after the payment.',
      }),
    ),
  },
  { ...closed, $id: 'PaymentSessionRequest' },
);
export type PaymentSessionRequest = Type.Static<typeof PaymentSessionRequest>;

export const PaymentSession = Type.Object(
  {
    url: Type.String({ description: 'The page on which the customer pays.' }),
    expiresAt: Type.String({ format: 'date-time', description: 'The page takes no payment from then on.' }),
  },
  { $id: 'PaymentSession' },
);

/** Each provider has its own form. */
export const PaymentCallback = Type.Unknown({
  description: 'The body of the provider, unchanged. The signature covers its exact bytes.',
});

export const CallbackReceipt = Type.Object(
  {
    events: Type.Integer({
      minimum: 0,
      description: 'Events in the callback that concern orders. All are durable in Kafka.',
    }),
  },
  { $id: 'CallbackReceipt' },
);

/** Payment sessions and callbacks, as clients and providers get and send them. */
import Type from 'typebox';

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

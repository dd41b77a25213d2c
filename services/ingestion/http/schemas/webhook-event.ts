/** The requests to a webhook endpoint. Notification sends them, and a test checks its messages with these schemas. */
import Type, { type TSchema } from 'typebox';
import { orderStatuses } from '../../../domain/index.ts';
import { testEventType } from '../../../shared/standard-webhooks/index.ts';
import { LineUnits } from './order-records.ts';
import { OrderItem, Reason, Totals } from './order-resource.ts';
import { eventTypes } from './webhook.ts';

const time = (description: string) => Type.String({ format: 'date-time', description });
const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()]);
const status = () => Type.String({ enum: [...orderStatuses] });

const WebhookEventData = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'Order id.' }),
    version: Type.Integer({
      minimum: 0,
      description: 'Version of the order. Drop events older than the newest that you processed.',
    }),
    status: nullable(status()),
    previousStatus: nullable(status()),
    customerId: nullable(Type.String()),
    currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
    totals: Type.Optional(Totals),
    items: Type.Optional(Type.Array(OrderItem)),
    itemsOmitted: Type.Optional(
      Type.Literal(true, {
        description: 'The lines exceed 20,000 bytes. Read them from the order.',
      }),
    ),
    couponCode: Type.Optional(Type.String()),
    paymentDueAt: Type.Optional(time('Payment deadline of the order.')),
    reason: Type.Optional(Reason),
    payment: Type.Optional(
      Type.Object(
        { status: Type.String(), amount: Type.Integer(), currency: Type.String({ pattern: '^[A-Z]{3}$' }) },
        { $id: 'Payment' },
      ),
    ),
    refund: Type.Optional(
      Type.Object(
        {
          id: Type.String({ format: 'uuid' }),
          amount: Type.Integer({ description: 'Minor units.' }),
          currency: Type.String({ pattern: '^[A-Z]{3}$' }),
          status: Type.String({
            description: '`REQUESTED`, `SUCCEEDED` or `FAILED`. Later versions may add more.',
          }),
          reason: Type.String({ description: 'Why money goes back, such as `CANCELLED` or `SURPLUS`.' }),
        },
        { $id: 'Refund' },
      ),
    ),
    shipment: Type.Optional(
      Type.Object(
        {
          number: Type.Optional(
            Type.Integer({ minimum: 1, description: 'Absent if the event is about several shipments.' }),
          ),
          carrier: Type.Optional(Type.String()),
          trackingNumber: Type.Optional(Type.String()),
          lines: Type.Optional(Type.Array(LineUnits)),
        },
        { $id: 'Shipment' },
      ),
    ),
  },
  { $id: 'WebhookEventData' },
);

/** Every event type, without the prefixes that match several. */
export const webhookEventTypes: readonly string[] = eventTypes.filter((type) => !type.endsWith('*'));

/** The body of a webhook request with an event of this type. */
export function webhookEventOf(type: string) {
  return Type.Object(
    {
      type: Type.Literal(type),
      timestamp: time('When the command was processed.'),
      data: WebhookEventData,
    },
    { $id: `${nameOf(type)}Event` },
  );
}

/** The body of a test event. It is about no order. */
export const EndpointTestEvent = Type.Object(
  {
    type: Type.Literal(testEventType),
    timestamp: time('When the test was requested.'),
    data: Type.Object(
      { endpointId: Type.String(), isTest: Type.Literal(true) },
      { $id: 'EndpointTestEventData' },
    ),
  },
  { $id: 'EndpointTestEvent' },
);

/** `order.payment_failed` becomes `OrderPaymentFailed`. */
function nameOf(type: string): string {
  return type.replaceAll(/(?:^|[._])([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

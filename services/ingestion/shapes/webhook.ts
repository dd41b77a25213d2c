/** Webhook endpoints and deliveries, as their owner sees and asks for them. */
import Type from 'typebox';
import { orderStatuses } from '../../domain/index.ts';
import { cursorPattern } from '../cursor.ts';
import { deliveryStatuses, redeliveredMax } from '../delivery-store.ts';
import { webhookUrlLengthMax } from '../webhook-url.ts';

const closed = { additionalProperties: false } as const;
const time = (description: string) => Type.String({ format: 'date-time', description });

/** 24 h is time enough to roll a secret out; a month is as long as a leaked one may stay good. */
export const overlapSecondsDefault = 24 * 3600;
const overlapSecondsMax = 30 * 24 * 3600;

/** The types of outcomes that belong to an order, and the prefixes that stand for several. */
export const eventTypes = [
  'order.*',
  'order.accepted',
  ...orderStatuses
    .filter((status) => status !== 'QUEUED' && status !== 'PENDING_PAYMENT')
    .map((status) => `order.${status.toLowerCase()}`),
  'command.*',
  'command.duplicate',
  'command.refused',
  'command.key_conflict',
];

const EventTypes = Type.Array(Type.String({ enum: eventTypes }), {
  minItems: 1,
  maxItems: eventTypes.length,
  uniqueItems: true,
  description: 'Without it, `order.*`: every change of an order.',
});

export const NewWebhookEndpoint = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: webhookUrlLengthMax,
      description:
        '`https` and a host name on the public internet, without user name, password and fragment.',
    }),
    eventTypes: Type.Optional(EventTypes),
  },
  { ...closed, $id: 'NewWebhookEndpoint' },
);

const endpointMembers = {
  id: Type.String(),
  url: Type.String(),
  eventTypes: Type.Optional(Type.Array(Type.String(), { description: 'Absent: `order.*`.' })),
  status: Type.String({ enum: ['ENABLED', 'DISABLED'] }),
  disabledReason: Type.Optional(Type.String()),
  previousSecretUntil: Type.Optional(
    time('Present while the secret before this one signs too: until then there are two signatures.'),
  ),
  createdAt: time('When it was made.'),
  updatedAt: time('When it was last changed.'),
};

export const WebhookEndpoint = Type.Object(endpointMembers, { $id: 'WebhookEndpoint' });

export const WebhookEndpointWithSecret = Type.Object(
  {
    ...endpointMembers,
    secret: Type.String({ description: '`whsec_` and base64. It is shown in this answer and never again.' }),
  },
  { $id: 'WebhookEndpointWithSecret' },
);

export const WebhookEndpointList = Type.Object(
  { items: Type.Array(WebhookEndpoint) },
  { $id: 'WebhookEndpointList' },
);

export const RotateRequest = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: overlapSecondsMax,
        description:
          'How long the secret that stands now signs too; a day when it is not said, 0 when the secret has leaked.',
      }),
    ),
  },
  { ...closed, $id: 'RotateRequest' },
);

export const WebhookDelivery = Type.Object(
  {
    id: Type.String(),
    eventId: Type.String({ description: 'The `webhook-id` of every try.' }),
    eventType: Type.String(),
    orderId: Type.String({ format: 'uuid' }),
    version: Type.Integer({ minimum: 0, description: 'Version of the order.' }),
    status: Type.String({ enum: [...deliveryStatuses], $id: 'DeliveryStatus' }),
    attempts: Type.Integer({ minimum: 0, description: 'Tries since it was recorded or redelivered.' }),
    lastStatus: Type.Optional(
      Type.Integer({ description: 'HTTP status of the last try that had an answer.' }),
    ),
    lastError: Type.Optional(Type.String({ description: 'Why the last try failed.' })),
    nextAttemptAt: Type.Optional(time('Present while it is `PENDING`; a guess while a try is under way.')),
    createdAt: time('When the event was recorded for this endpoint.'),
    deliveredAt: Type.Optional(time('When it was last taken.')),
  },
  { $id: 'WebhookDelivery' },
);

export const WebhookDeliveryList = Type.Object(
  {
    items: Type.Array(WebhookDelivery),
    nextCursor: Type.Optional(Type.String({ description: 'Absent on the last page.' })),
  },
  { $id: 'WebhookDeliveryList' },
);

export const RedeliverRequest = Type.Object(
  {
    from: time('Deliveries recorded from then on,'),
    to: time('and before then.'),
    cursor: Type.Optional(
      Type.String({ pattern: cursorPattern, description: '`nextCursor` of the answer before.' }),
    ),
  },
  { ...closed, $id: 'RedeliverRequest' },
);

export const RedeliverResult = Type.Object(
  {
    count: Type.Integer({ minimum: 0, maximum: redeliveredMax, description: 'Deliveries that are due now.' }),
    nextCursor: Type.Optional(
      Type.String({ description: 'Present when the range holds more: ask again with it.' }),
    ),
  },
  { $id: 'RedeliverResult' },
);

/** Webhook endpoints and deliveries in the form that their owner sends and gets. */
import Type, { type TSchema } from 'typebox';
import { changesOfMoney, changesOfUnits, decidedStatuses } from '../../../domain/index.ts';
import { cursorPattern } from '../../application/read/cursor.ts';
import { deliveryStatuses, redeliveredMax } from '../../application/webhooks/delivery-store.ts';
import { endpointStatuses } from '../../application/webhooks/endpoint-update.ts';
import { webhookUrlLengthMax } from '../../application/webhooks/webhook-url.ts';

const closed = { additionalProperties: false } as const;
const time = (description: string) => Type.String({ format: 'date-time', description });

/** 24 h suffice to deploy a new secret. A leaked secret must not stay valid for more than a month. */
export const overlapSecondsDefault = 24 * 3600;
const overlapSecondsMax = 30 * 24 * 3600;

/** The outcome types of an order, and the prefixes that match several. */
export const eventTypes = [
  'order.*',
  'order.accepted',
  ...decidedStatuses
    .filter((status) => status !== 'PENDING_PAYMENT')
    .map((status) => `order.${status.toLowerCase()}`),
  ...[...changesOfMoney, ...changesOfUnits].map((change) => `order.${change}`),
  'command.*',
  'command.duplicate',
  'command.refused',
  'command.key_conflict',
];

const EventTypes = Type.Array(Type.String({ enum: eventTypes }), {
  minItems: 1,
  maxItems: eventTypes.length,
  uniqueItems: true,
  description: 'Default: `order.*`, all order events.',
});

const Url = Type.String({
  minLength: 1,
  maxLength: webhookUrlLengthMax,
  description: 'An `https` URL with a public host name and without user name, password or fragment.',
});

/** Width of the column. */
const descriptionLengthMax = 200;
const Description = Type.String({
  minLength: 1,
  maxLength: descriptionLengthMax,
  description: 'A text of yours, such as the purpose of the endpoint. It must have no personal data.',
});
const orNull = (schema: TSchema, description: string) => Type.Union([schema, Type.Null()], { description });

export const NewWebhookEndpoint = Type.Object(
  {
    url: Url,
    eventTypes: Type.Optional(EventTypes),
    description: Type.Optional(Description),
  },
  { ...closed, $id: 'NewWebhookEndpoint' },
);

export const WebhookEndpointUpdate = Type.Object(
  {
    url: Type.Optional(Url),
    eventTypes: Type.Optional(orNull(EventTypes, 'Null means the default, `order.*`.')),
    description: Type.Optional(orNull(Description, 'Null removes the description.')),
    status: Type.Optional(
      Type.String({
        enum: [...endpointStatuses],
        description:
          '`PAUSED`: events are recorded and wait. `DISABLED`: events are not recorded. `ENABLED` ends both.',
      }),
    ),
  },
  { ...closed, minProperties: 1, $id: 'WebhookEndpointUpdate' },
);

const endpointMembers = {
  id: Type.String(),
  url: Type.String(),
  eventTypes: Type.Optional(Type.Array(Type.String(), { description: 'Absent means `order.*`.' })),
  description: Type.Optional(Type.String()),
  status: Type.String({ enum: [...endpointStatuses] }),
  disabledReason: Type.Optional(Type.String()),
  pausedAt: Type.Optional(time('When the endpoint was paused. Present while it is paused.')),
  previousSecretUntil: Type.Optional(
    time(
      'Until this time requests also carry a signature of the previous secret. Present during a rotation.',
    ),
  ),
  createdAt: time('Time of the creation.'),
  updatedAt: time('Time of the last change.'),
};

export const WebhookEndpoint = Type.Object(endpointMembers, { $id: 'WebhookEndpoint' });

export const WebhookEndpointWithSecret = Type.Object(
  {
    ...endpointMembers,
    secret: Type.String({ description: '`whsec_` and base64. Only this response shows it.' }),
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
          'How long the current secret stays valid. Default: one day. Use 0 if the secret has leaked.',
      }),
    ),
  },
  { ...closed, $id: 'RotateRequest' },
);

const WebhookPayload = Type.Object(
  {
    type: Type.String(),
    timestamp: time('When the command was processed, or the test event was made.'),
    data: Type.Unknown({ description: 'The section Webhooks has the members of each type.' }),
  },
  { $id: 'WebhookPayload', description: 'The body of each attempt.' },
);

export const WebhookDelivery = Type.Object(
  {
    id: Type.String(),
    eventId: Type.String({ description: 'The `webhook-id` of every attempt.' }),
    eventType: Type.String(),
    orderId: Type.String({ format: 'uuid', description: 'All digits are 0 for a test event.' }),
    version: Type.Integer({ minimum: 0, description: 'Version of the order. 0 for a test event.' }),
    status: Type.String({ enum: [...deliveryStatuses], $id: 'DeliveryStatus' }),
    attempts: Type.Integer({
      minimum: 0,
      description: 'Attempts since the delivery was recorded or redelivered.',
    }),
    lastStatus: Type.Optional(
      Type.Integer({ description: 'HTTP status of the last attempt that got a response.' }),
    ),
    lastError: Type.Optional(Type.String({ description: 'Why the last attempt failed.' })),
    nextAttemptAt: Type.Optional(
      time('Present while the status is `PENDING`. An estimate while an attempt is in flight.'),
    ),
    createdAt: time('When the event was recorded for this endpoint.'),
    deliveredAt: Type.Optional(time('Time of the last successful delivery.')),
    payload: WebhookPayload,
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
    from: time('Only deliveries recorded at or after this time.'),
    to: time('Only deliveries recorded before this time.'),
    cursor: Type.Optional(
      Type.String({ pattern: cursorPattern, description: '`nextCursor` of the previous response.' }),
    ),
  },
  { ...closed, $id: 'RedeliverRequest' },
);

export const RedeliverResult = Type.Object(
  {
    count: Type.Integer({
      minimum: 0,
      maximum: redeliveredMax,
      description: 'Number of deliveries that were queued.',
    }),
    nextCursor: Type.Optional(
      Type.String({
        description: 'Present if the range has more deliveries: send it as `cursor` in the next request.',
      }),
    ),
  },
  { $id: 'RedeliverResult' },
);

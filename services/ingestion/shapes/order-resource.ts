/** What clients get to see of an order. */
import Type from 'typebox';
import { orderStatuses, reasonTable } from '../../domain/index.ts';
import { Contact, Metadata, ShippingAddress } from './order-request.ts';

const amount = (description?: string) =>
  Type.Integer({ minimum: 0, ...(description === undefined ? {} : { description }) });
const time = (description?: string) =>
  Type.String({ format: 'date-time', ...(description === undefined ? {} : { description }) });
const orderId = () => Type.String({ format: 'uuid' });
const currency = () => Type.String({ pattern: '^[A-Z]{3}$' });

/** Told from the ticket alone when a command was set aside undecided. */
const shownStatuses = [...orderStatuses, 'DEAD_LETTERED'] as const;

const Status = Type.String({ enum: [...shownStatuses], $id: 'OrderStatus' });

const Queue = Type.Object(
  {
    ahead: Type.Integer({ minimum: 0, description: 'Commands in front of this one in its partition.' }),
    etaMs: Type.Integer({
      minimum: 0,
      description: 'When the outcome is likely to be there, from the present rate.',
    }),
    stalledForMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'Present while no outcome comes out of the order’s partition: for how long. `etaMs` is then the least that it can be.',
      }),
    ),
  },
  { $id: 'Queue' },
);

const Links = Type.Object(
  {
    self: Type.String(),
    history: Type.String(),
    events: Type.String(),
    cancel: Type.Optional(Type.String({ description: 'Present while the order could still be cancelled.' })),
  },
  { $id: 'Links', description: 'Carry a ticket while the order is queued: follow them as they are.' },
);

/** DEAD_LETTERED comes from ingestion, OTHER from a reason that was written by hand. */
const reasonCodes = [...Object.keys(reasonTable), 'DEAD_LETTERED', 'OTHER'];

export const Reason = Type.Object(
  {
    code: Type.String({
      description: `Why, for programs: ${reasonCodes.map((code) => `\`${code}\``).join(', ')}. New codes may be added.`,
      examples: reasonCodes,
    }),
    message: Type.String(),
    pointer: Type.Optional(Type.String({ description: 'JSON pointer into the order request.' })),
  },
  { $id: 'Reason' },
);

export const OrderItem = Type.Object(
  {
    sku: Type.String(),
    name: Type.Optional(Type.String()),
    quantity: Type.Integer({ minimum: 1 }),
    unitPrice: Type.Optional(amount('Absent on a line of a rejected order that could not be priced.')),
    lineTotal: Type.Optional(amount()),
  },
  { $id: 'OrderItem' },
);

export const Totals = Type.Object(
  { subtotal: amount(), discount: amount(), shipping: amount(), tax: amount(), total: amount() },
  { $id: 'Totals' },
);

const zero = () => Type.Unsafe<0>({ type: 'integer', const: 0 });

const QueuedOrder = Type.Object(
  { id: orderId(), version: zero(), status: Type.Literal('QUEUED'), queue: Queue, links: Links },
  { $id: 'QueuedOrder', description: 'Accepted and not decided yet.' },
);

/** Statuses that a worker gives. */
const decidedStatuses = orderStatuses.filter((status) => status !== 'QUEUED');

const DecidedOrder = Type.Object(
  {
    id: orderId(),
    version: Type.Integer({ minimum: 1, description: 'Rises by one with each change.' }),
    status: Type.String({ enum: decidedStatuses }),
    customerId: Type.String(),
    currency: currency(),
    items: Type.Array(OrderItem),
    totals: Totals,
    couponCode: Type.Optional(Type.String()),
    reason: Type.Optional(Reason),
    paymentDueAt: Type.Optional(time('Present while the order waits for its payment.')),
    createdAt: time(),
    updatedAt: time(),
    idempotencyKey: Type.Optional(Type.String({ description: 'The key that you placed it with.' })),
    shippingAddress: Type.Optional(ShippingAddress),
    contact: Type.Optional(Contact),
    metadata: Type.Optional(Metadata),
    links: Links,
  },
  {
    $id: 'DecidedOrder',
    description: 'Accepted or rejected. What you sent with it is there with `include=details`.',
  },
);

const DeadLetteredOrder = Type.Object(
  {
    id: orderId(),
    version: zero(),
    status: Type.Literal('DEAD_LETTERED'),
    reason: Reason,
    links: Links,
  },
  { $id: 'DeadLetteredOrder', description: 'Could not be processed; an operator looks at it.' },
);

/** `status` says which of the three it is. */
export const Order = Type.Unsafe<
  Type.Static<typeof QueuedOrder> | Type.Static<typeof DecidedOrder> | Type.Static<typeof DeadLetteredOrder>
>({
  $id: 'Order',
  description: 'One of three shapes, by `status`.',
  oneOf: [QueuedOrder, DecidedOrder, DeadLetteredOrder],
  discriminator: {
    propertyName: 'status',
    mapping: Object.fromEntries(
      shownStatuses.map((status) => [status, `#/components/schemas/${shapeOf(status)}`]),
    ),
  },
});

function shapeOf(status: string): string {
  if (status === 'QUEUED') return 'QueuedOrder';
  return status === 'DEAD_LETTERED' ? 'DeadLetteredOrder' : 'DecidedOrder';
}

export const Accepted = Type.Object(
  {
    id: orderId(),
    status: Type.Literal('QUEUED'),
    statusUrl: Type.String({ description: 'Where to ask; carries the ticket.' }),
    queue: Queue,
  },
  { $id: 'Accepted' },
);

export const OrderList = Type.Object(
  {
    items: Type.Array(Order),
    nextCursor: Type.Optional(Type.String({ description: 'Absent on the last page.' })),
  },
  { $id: 'OrderList' },
);

export const History = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          version: Type.Integer({ minimum: 1 }),
          status: Status,
          command: Type.String({ description: 'What was asked for, PLACE for the first version.' }),
          actor: Type.String({ description: 'Who asked.' }),
          reason: Type.Optional(Reason),
          at: time(),
        },
        { $id: 'HistoryEntry' },
      ),
      { description: 'Every version, oldest first.' },
    ),
    refused: Type.Array(
      Type.Object(
        {
          command: Type.String(),
          version: Type.Integer({ minimum: 0, description: 'The version that the order had.' }),
          reason: Type.Optional(Reason),
          at: time(),
        },
        { $id: 'RefusedCommand' },
      ),
      { description: 'Commands that changed nothing, oldest first.' },
    ),
  },
  { $id: 'History' },
);

export const Quote = Type.Object(
  {
    currency: currency(),
    items: Type.Array(OrderItem),
    totals: Totals,
    reason: Type.Optional(Reason),
  },
  {
    $id: 'Quote',
    description:
      'Prices of this moment. With a reason, such an order would be rejected; stock is not looked at.',
  },
);

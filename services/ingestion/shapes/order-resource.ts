/** What clients get to see of an order. */
import Type from 'typebox';
import { orderStatuses } from '../../domain/index.ts';
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

const Reason = Type.Object(
  {
    code: Type.String(),
    message: Type.String(),
    pointer: Type.Optional(Type.String({ description: 'JSON pointer into the order request.' })),
  },
  { $id: 'Reason' },
);

const Item = Type.Object({
  sku: Type.String(),
  name: Type.Optional(Type.String()),
  quantity: Type.Integer({ minimum: 1 }),
  unitPrice: Type.Optional(amount('Absent on a line of a rejected order that could not be priced.')),
  lineTotal: Type.Optional(amount()),
});

const Totals = Type.Object(
  { subtotal: amount(), discount: amount(), shipping: amount(), tax: amount(), total: amount() },
  { $id: 'Totals' },
);

export const Order = Type.Object(
  {
    id: orderId(),
    version: Type.Integer({ minimum: 0, description: 'Counted from 1; 0 while the order is queued.' }),
    status: Status,
    customerId: Type.Optional(Type.String()),
    currency: Type.Optional(currency()),
    items: Type.Optional(Type.Array(Item)),
    totals: Type.Optional(Totals),
    couponCode: Type.Optional(Type.String()),
    reason: Type.Optional(Reason),
    queue: Type.Optional(Queue),
    paymentDueAt: Type.Optional(time()),
    createdAt: Type.Optional(time()),
    updatedAt: Type.Optional(time()),
    idempotencyKey: Type.Optional(Type.String({ description: 'The key that you placed it with.' })),
    shippingAddress: Type.Optional(ShippingAddress),
    contact: Type.Optional(Contact),
    metadata: Type.Optional(Metadata),
    links: Links,
  },
  {
    $id: 'Order',
    description:
      'While queued: id, version 0, status, queue and links only. What you sent with it is there with `include=details`.',
  },
);

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
      Type.Object({
        version: Type.Integer({ minimum: 1 }),
        status: Status,
        command: Type.String({ description: 'What was asked for, PLACE for the first version.' }),
        actor: Type.String({ description: 'Who asked.' }),
        reason: Type.Optional(Reason),
        at: time(),
      }),
      { description: 'Every version, oldest first.' },
    ),
    refused: Type.Array(
      Type.Object({
        command: Type.String(),
        version: Type.Integer({ minimum: 0, description: 'The version that the order had.' }),
        reason: Type.Optional(Reason),
        at: time(),
      }),
      { description: 'Commands that changed nothing, oldest first.' },
    ),
  },
  { $id: 'History' },
);

export const Quote = Type.Object(
  {
    currency: currency(),
    items: Type.Array(Item),
    totals: Totals,
    reason: Type.Optional(Reason),
  },
  {
    $id: 'Quote',
    description:
      'Prices of this moment. With a reason, such an order would be rejected; stock is not looked at.',
  },
);

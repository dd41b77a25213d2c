/** The order as clients see it. */
import Type from 'typebox';
import { decidedStatuses, orderStatuses, reasonTable } from '../../../domain/index.ts';
import { Contact, Metadata, ShippingAddress } from '../../application/requests/order-request.ts';

const amount = (description?: string) =>
  Type.Integer({ minimum: 0, ...(description === undefined ? {} : { description }) });
const time = (description?: string) =>
  Type.String({ format: 'date-time', ...(description === undefined ? {} : { description }) });
const orderId = () => Type.String({ format: 'uuid' });
const currency = () => Type.String({ pattern: '^[A-Z]{3}$' });

/** Adds the status of a dead-lettered command. Only a ticket shows it, because the order has no row. */
const shownStatuses = [...orderStatuses, 'DEAD_LETTERED'] as const;

const Status = Type.String({ enum: [...shownStatuses], $id: 'OrderStatus' });

export const Queue = Type.Object(
  {
    ahead: Type.Integer({ minimum: 0, description: 'Commands ahead of this one in its partition.' }),
    etaMs: Type.Integer({
      minimum: 0,
      description:
        'Estimated time until the outcome, from the current rate. It is at least the time since the last outcome of the partition.',
    }),
    stalledForMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'Time since the partition of the order last produced an outcome. Present while the partition is stalled. `etaMs` is then a lower bound.',
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
    cancel: Type.Optional(Type.String({ description: 'Present while you can cancel the order.' })),
    paymentSessions: Type.Optional(
      Type.String({
        description: 'Present while the order waits for its payment. A POST returns the page of the payment.',
      }),
    ),
  },
  {
    $id: 'Links',
    description: 'While the order is queued, the links contain its ticket. Use them unchanged.',
  },
);

/** Ingestion adds DEAD_LETTERED. OTHER marks a reason that an operator wrote by hand. */
const reasonCodes = [...Object.keys(reasonTable), 'DEAD_LETTERED', 'OTHER'];

export const Reason = Type.Object(
  {
    code: Type.String({
      description:
        'Machine-readable reason. The examples are all codes of this version. New codes may be added.',
      examples: reasonCodes,
    }),
    message: Type.String(),
    pointer: Type.Optional(Type.String({ description: 'JSON pointer into the body of the request.' })),
  },
  { $id: 'Reason' },
);

export const OrderItem = Type.Object(
  {
    sku: Type.String(),
    name: Type.Optional(Type.String()),
    quantity: Type.Integer({ minimum: 1 }),
    unitPrice: Type.Optional(amount('Absent if the line of a rejected order could not be priced.')),
    lineTotal: Type.Optional(amount()),
  },
  { $id: 'OrderItem' },
);

const units = (description: string) => Type.Integer({ minimum: 0, description });

const DecidedItem = Type.Object(
  {
    line: Type.Integer({ minimum: 1, description: 'Number of the line in the order, from 1.' }),
    ...OrderItem.properties,
    cancelled: units('Units that an operator cancelled after a part of the order was shipped.'),
    shipped: units('Units that were shipped. Later returns do not lower the number.'),
    returned: units('Units that came back.'),
    refunded: units('Units of which the price was refunded, or is requested as a refund.'),
  },
  { $id: 'DecidedItem', description: 'A line with its progress. The units only grow.' },
);

const Money = Type.Object(
  {
    received: amount('Sum of all payments.'),
    refundPending: amount('Refunds that are requested and have no result.'),
    refunded: amount('Refunds that succeeded.'),
    disputed: amount('Payments that the customer disputes at the bank.'),
  },
  {
    $id: 'Money',
    description: 'Minor units, in the currency of the order. Money in other currencies is not in it.',
  },
);

const Units = Type.Object(
  {
    ordered: units('Units of all lines.'),
    cancelled: units('Units that were cancelled after a part of the order was shipped.'),
    shipped: units('Units that were shipped.'),
    returned: units('Units that came back.'),
    restocked: units('Returned units that can be sold again.'),
  },
  { $id: 'Units', description: 'The units of all lines. They only grow.' },
);

export const Totals = Type.Object(
  {
    subtotal: amount(),
    discount: amount(),
    shipping: amount(),
    tax: amount('Tax that is added to prices and shipping.'),
    taxIncluded: amount('Tax that prices and shipping contain. It is not a part of `tax`.'),
    total: amount('Subtotal - discount + shipping + tax.'),
  },
  { $id: 'Totals' },
);

const zero = () => Type.Unsafe<0>({ type: 'integer', const: 0 });

const QueuedOrder = Type.Object(
  { id: orderId(), version: zero(), status: Type.Literal('QUEUED'), queue: Queue, links: Links },
  { $id: 'QueuedOrder', description: 'An accepted order that is not processed yet.' },
);

const DecidedOrder = Type.Object(
  {
    id: orderId(),
    version: Type.Integer({ minimum: 1, description: 'Increases by one with each change.' }),
    status: Type.String({ enum: [...decidedStatuses] }),
    customerId: Type.String(),
    currency: currency(),
    items: Type.Array(DecidedItem),
    totals: Totals,
    money: Money,
    units: Units,
    couponCode: Type.Optional(Type.String()),
    reason: Type.Optional(Reason),
    paymentDueAt: Type.Optional(time('Present while the order awaits payment.')),
    createdAt: time(),
    updatedAt: time(),
    idempotencyKey: Type.Optional(Type.String({ description: 'The `Idempotency-Key` of the order.' })),
    shippingAddress: Type.Optional(ShippingAddress),
    contact: Type.Optional(Contact),
    metadata: Type.Optional(Metadata),
    links: Links,
  },
  {
    $id: 'DecidedOrder',
    description: 'An accepted or rejected order. `include=details` adds data from your request.',
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
  { $id: 'DeadLetteredOrder', description: 'The order could not be processed. An operator investigates it.' },
);

/** `status` determines which of the three schemas applies. */
export const Order = Type.Unsafe<
  Type.Static<typeof QueuedOrder> | Type.Static<typeof DecidedOrder> | Type.Static<typeof DeadLetteredOrder>
>({
  $id: 'Order',
  description: 'One of three schemas, depending on `status`.',
  oneOf: [QueuedOrder, DecidedOrder, DeadLetteredOrder],
  discriminator: {
    propertyName: 'status',
    mapping: Object.fromEntries(
      shownStatuses.map((status) => [status, `#/components/schemas/${schemaNameOf(status)}`]),
    ),
  },
});

function schemaNameOf(status: string): string {
  if (status === 'QUEUED') return 'QueuedOrder';
  return status === 'DEAD_LETTERED' ? 'DeadLetteredOrder' : 'DecidedOrder';
}

export const Accepted = Type.Object(
  {
    id: orderId(),
    status: Type.Literal('QUEUED'),
    statusUrl: Type.String({ description: 'URL of the order state, with the ticket.' }),
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
          command: Type.String({
            description: 'The command that created this version. PLACE for the first version.',
          }),
          actor: Type.String({
            description: 'Who sent the command. Only operators see the name of an operator.',
          }),
          reason: Type.Optional(Reason),
          at: time(),
        },
        { $id: 'HistoryEntry' },
      ),
      { description: 'All versions, oldest first.' },
    ),
    refused: Type.Array(
      Type.Object(
        {
          command: Type.String(),
          version: Type.Integer({
            minimum: 0,
            description: 'The version of the order when the command was refused.',
          }),
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
      'The current price. If `reason` is present, the order would be rejected. Stock is not checked.',
  },
);

/** The payments, refunds, shipments and returns of an order, as clients see them. */
import Type, { type TObject } from 'typebox';

const number = (of: string) =>
  Type.Integer({ minimum: 1, description: `Number of the ${of} in the order, from 1.` });
const id = (description?: string) =>
  Type.String({ format: 'uuid', ...(description === undefined ? {} : { description }) });
const amount = () => Type.Integer({ minimum: 1, description: 'Minor units.' });
const currency = () => Type.String({ pattern: '^[A-Z]{3}$' });
const time = (description: string) => Type.String({ format: 'date-time', description });

const lineMembers = {
  line: Type.Integer({ minimum: 1, description: 'Number of the line in the order, from 1.' }),
  quantity: Type.Integer({ minimum: 1 }),
};

export const LineUnits = Type.Object(lineMembers, { $id: 'LineUnits' });

const OrderPayment = Type.Object(
  {
    number: number('payment'),
    id: id(),
    provider: Type.String(),
    providerPaymentId: Type.String({ description: 'The id of the payment at the provider.' }),
    amount: amount(),
    currency: currency(),
    disposition: Type.String({
      description:
        '`SETTLES`: it pays the order. `MISMATCH`: another amount or currency. `SURPLUS`: the order was paid before. `LATE`: the order had ended. All but `SETTLES` go back. Later versions may add more.',
    }),
    receivedAt: time('When the payment was processed.'),
  },
  { $id: 'OrderPayment' },
);

const OrderRefund = Type.Object(
  {
    number: number('refund'),
    id: id(),
    paymentId: id('The payment that it returns.'),
    amount: amount(),
    currency: currency(),
    status: Type.String({
      description: '`REQUESTED`, `SUCCEEDED` or `FAILED`. Later versions may add more.',
    }),
    reason: Type.String({
      description:
        'Why money goes back: `CANCELLED`, `RETURNED`, `ON_REQUEST`, `MISMATCH`, `SURPLUS` or `LATE`. A retry has the reason of the refund that it repeats.',
    }),
    lines: Type.Array(LineUnits, {
      description: 'The units that it pays back. Empty if it is about an amount.',
    }),
    shipping: Type.Boolean({ description: 'Whether it contains the shipping.' }),
    provider: Type.String({ description: '`manual` if an operator paid it by hand.' }),
    providerRefundId: Type.Optional(Type.String({ description: 'The id of the refund at the provider.' })),
    failureCode: Type.Optional(Type.String({ description: 'Why the provider refused it.' })),
    retryOf: Type.Optional(id('The failed refund that it repeats.')),
    retried: Type.Boolean({ description: 'Whether a later refund repeats it.' }),
    requestedAt: time('When it was requested.'),
    settledAt: Type.Optional(time('When its result was known. Absent while it is `REQUESTED`.')),
  },
  { $id: 'OrderRefund' },
);

const OrderShipment = Type.Object(
  {
    number: number('shipment'),
    lines: Type.Array(LineUnits),
    carrier: Type.Optional(Type.String()),
    trackingNumber: Type.Optional(Type.String()),
    shippedAt: time('When the shipment was processed.'),
    deliveredAt: Type.Optional(
      time('The delivery, as it was reported. Absent while the parcel is on its way.'),
    ),
  },
  { $id: 'OrderShipment' },
);

const ReturnUnits = Type.Object(
  {
    ...lineMembers,
    restock: Type.Integer({ minimum: 0, description: 'Units that can be sold again.' }),
  },
  { $id: 'ReturnUnits' },
);

const OrderReturn = Type.Object(
  {
    number: number('return'),
    lines: Type.Array(ReturnUnits),
    refundId: Type.Optional(id('The refund that it requested. Absent if nothing was left to pay.')),
    returnedAt: time('When the return was processed.'),
  },
  { $id: 'OrderReturn' },
);

const listOf = (schema: TObject, name: string) =>
  Type.Object(
    {
      items: Type.Array(schema),
      nextCursor: Type.Optional(Type.String({ description: 'Absent on the last page.' })),
    },
    { $id: name },
  );

export const OrderPaymentList = listOf(OrderPayment, 'OrderPaymentList');
export const OrderRefundList = listOf(OrderRefund, 'OrderRefundList');
export const OrderShipmentList = listOf(OrderShipment, 'OrderShipmentList');
export const OrderReturnList = listOf(OrderReturn, 'OrderReturnList');

/** The requests of operators about one order. These schemas validate them, and the OpenAPI document has them. */
import Type, { type Static } from 'typebox';
import { lineQuantityMax, orderLinesMax, orderRecordsMax } from '../../../domain/index.ts';
import { amountMax, closed, text } from './fields.ts';

/** Of a carrier, and of a tracking number. */
const nameLengthMax = 128;
const reason = () => Type.Optional(text(200, 'Free-text reason. The history of the order shows it.'));

const lineMembers = {
  line: Type.Integer({ minimum: 1, maximum: orderLinesMax, description: 'Number of the line, from 1.' }),
  quantity: Type.Integer({ minimum: 1, maximum: lineQuantityMax }),
};
const LineUnits = Type.Object(lineMembers, {
  ...closed,
  $id: 'RequestedUnits',
  description: 'Units of one line.',
});

const lines = (absent: string) =>
  Type.Optional(
    Type.Array(LineUnits, {
      minItems: 1,
      maxItems: orderLinesMax,
      description: `Each line at most once. Without \`lines\`: ${absent}.`,
    }),
  );

export const RefundRequest = Type.Object(
  {
    amount: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: amountMax,
        description: 'In minor units of the currency of the order. Only without `lines` and `shipping`.',
      }),
    ),
    lines: lines('`amount`, the shipping, or all that is left is refunded'),
    shipping: Type.Optional(
      Type.Boolean({ description: 'Also refund the shipping. It is refunded at most once.' }),
    ),
    reason: reason(),
  },
  { ...closed, $id: 'RefundRequest' },
);
export type RefundRequest = Static<typeof RefundRequest>;

export const ShipmentRequest = Type.Object(
  {
    lines: lines('everything that is left to ship'),
    carrier: Type.Optional(text(nameLengthMax, 'Name of the carrier.')),
    trackingNumber: Type.Optional(text(nameLengthMax, 'Number of the parcel at the carrier.')),
  },
  { ...closed, $id: 'ShipmentRequest' },
);
export type ShipmentRequest = Static<typeof ShipmentRequest>;

export const DeliveryRequest = Type.Object(
  {
    shipment: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: orderRecordsMax,
        description: 'Number of the shipment, from 1. Without it: all shipments that are on their way.',
      }),
    ),
    deliveredAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'When the customer got the parcel. Not in the future. Default: now.',
      }),
    ),
  },
  { ...closed, $id: 'DeliveryRequest' },
);
export type DeliveryRequest = Static<typeof DeliveryRequest>;

const ReturnLine = Type.Object(
  {
    ...lineMembers,
    restock: Type.Integer({
      minimum: 0,
      maximum: lineQuantityMax,
      description: 'Units that can be sold again, at most `quantity`. The others are damaged and stay sold.',
    }),
  },
  { ...closed, $id: 'ReturnLine', description: 'Units of one line that came back.' },
);

export const ReturnRequest = Type.Object(
  {
    lines: Type.Optional(
      Type.Array(ReturnLine, {
        minItems: 1,
        maxItems: orderLinesMax,
        description:
          'Each line at most once. Without `lines`: everything that was shipped, and all of it can be sold again.',
      }),
    ),
    refund: Type.Optional(
      Type.Boolean({ description: 'Whether the units are refunded. Default: true.', default: true }),
    ),
    reason: reason(),
  },
  { ...closed, $id: 'ReturnRequest' },
);
export type ReturnRequest = Static<typeof ReturnRequest>;

/** Stock as operators see it. */
import Type, { type Static } from 'typebox';
import { stockDeltaMax } from '../../../domain/index.ts';
import { closed, text } from '../../application/requests/fields.ts';

export const StockLevel = Type.Object(
  {
    sku: Type.String(),
    available: Type.Integer({ minimum: 0, description: 'Units that new orders can get.' }),
    committed: Type.Integer({
      minimum: 0,
      description: 'Units of accepted orders that are not shipped yet.',
    }),
    onHand: Type.Integer({ minimum: 0, description: 'Units in the warehouse: `available` + `committed`.' }),
  },
  { $id: 'StockLevel' },
);

export const StockAdjustmentRequest = Type.Object(
  {
    delta: Type.Integer({
      minimum: -stockDeltaMax,
      maximum: stockDeltaMax,
      not: { const: 0 },
      description: 'Units to add. A negative number takes units away.',
      examples: [40],
    }),
    reason: text(200, 'Free-text reason. It is stored with the adjustment.'),
  },
  { ...closed, $id: 'StockAdjustmentRequest' },
);
export type StockAdjustmentRequest = Static<typeof StockAdjustmentRequest>;

/** Stock as operators see it. */
import Type from 'typebox';

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

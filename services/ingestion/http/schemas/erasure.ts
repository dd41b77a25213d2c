/** What an erasure did. */
import Type from 'typebox';

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const CustomerErasure = Type.Object(
  {
    customerId: Type.String(),
    complete: Type.Boolean({
      description:
        'False if some commands from before the request are not processed yet. Then repeat the request, because they may have personal data.',
    }),
    orders: count('Orders that had an address, a contact or metadata.'),
    openOrders: count('Those of them that are neither shipped nor ended. Cancel them: they have no address.'),
    reasons: count('Reasons of changes that are erased.'),
    references: count('References of payments that are erased.'),
    errors: count('Errors of deliveries and refunds that are erased.'),
    undecided: count('Commands of all customers that are not processed yet. 0 if `complete` is true.'),
  },
  { $id: 'CustomerErasure' },
);

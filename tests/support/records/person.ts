/** An order of a person whom tests search for. */
import type { OrderRequest } from '../../../cli/client/index.ts';
import { orderOf } from '../api/api-env.ts';

/** An order with the person in every field of the request that can name one. */
export function orderWith(person: string): OrderRequest {
  return {
    ...orderOf(2),
    shippingAddress: {
      ...{ name: `Dr ${person}`, line1: `7 ${person} Lane`, line2: `Flat ${person}` },
      ...{ city: `${person}ville`, postalCode: '10115', country: 'DE' },
    },
    contact: { email: `${person}@example.org` },
    metadata: { note: `a gift for ${person}` },
  };
}

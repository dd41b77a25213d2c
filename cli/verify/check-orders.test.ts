import { expect, test } from 'vitest';
import { holdsStock, orderStatuses } from '../../services/domain/index.ts';
import { WITHOUT_STOCK } from './check-orders.ts';

test('verify and the domain agree on the statuses that hold no stock', () => {
  // A queued order has no row.
  const ofRows = orderStatuses.filter((status) => status !== 'QUEUED');
  expect(ofRows.filter((status) => !holdsStock(status)).sort()).toEqual([...WITHOUT_STOCK].sort());
});

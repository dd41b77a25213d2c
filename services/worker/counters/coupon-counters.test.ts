import { expect, test } from 'vitest';
import { StatementBuffer } from '../../shared/mysql/index.ts';
import { statementsIn } from '../../shared/mysql/statement-buffer.ts';
import { layOutCouponCustomers } from './coupon-counters.ts';

test('a batch locks the counters of customers in their order, whether it takes or gives back', () => {
  const buffer = new StatementBuffer();
  layOutCouponCustomers(buffer, [
    { code: 'A', customerId: 'c1', net: -1, peak: null, limit: null },
    { code: 'B', customerId: 'c1', net: 1, peak: 1, limit: 1 },
  ]);
  // The first statement locks the rows.
  const [insert] = buffer.script().flatMap(statementsIn);
  expect(insert!.toString()).toMatch(/^INSERT .* VALUES \('A','c1'\),\('B','c1'\) ON DUPLICATE KEY/);
});

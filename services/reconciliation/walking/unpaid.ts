/** (q) Compares the units that each customer holds in unpaid orders with these orders. */
import type { Difference } from '../findings/finding-kinds.ts';
import type { Tally } from '../findings/tally.ts';
import { type PagedReads, pageRows, readPages } from './pages.ts';
import type { OrderRow } from './rows.ts';

/** The units of unpaid orders, by customer. Only customers with such orders take memory. */
export interface UnpaidUnits {
  add(order: OrderRow): void;
  /** Compares every customer, and forgets the orders. */
  compare(reads: PagedReads, tally: Tally): Promise<void>;
}

export function countUnpaid(): UnpaidUnits {
  const byCustomer = new Map<string, number>();
  return {
    add({ unpaid_customer: customerId, unpaid_units: units }) {
      if (customerId !== null) byCustomer.set(customerId, (byCustomer.get(customerId) ?? 0) + units);
    },
    async compare(reads, tally) {
      for await (const { customer_id: customerId, units } of readCustomers(reads)) {
        const expected = byCustomer.get(customerId) ?? 0;
        byCustomer.delete(customerId);
        if (expected !== units) tally.add(unpaidDifference(customerId, expected, units));
      }
      for (const [customerId, expected] of byCustomer) tally.add(unpaidDifference(customerId, expected, 0));
    },
  };
}

function unpaidDifference(customerId: string, expected: number, units: number): Difference {
  return {
    kind: 'UNPAID_DIFFERS',
    subject: customerId,
    expected: `${expected} units in unpaid orders`,
    actual: `${units} units counted`,
  };
}

function readCustomers({ session, pace, signal }: PagedReads) {
  return readPages<{ customer_id: string; units: number }, string>(
    (after) =>
      pace.chunk(
        () =>
          session.rows(
            'SELECT customer_id, units FROM unpaid_customers WHERE customer_id > ? ORDER BY customer_id LIMIT ?',
            [after, pageRows],
          ),
        signal,
      ),
    '',
    (row) => row.customer_id,
  );
}

/** Payments, refunds, shipments and returns in memory. Every order has the same ones. */
import { appError } from '../../shared/errors/index.ts';
import type {
  OrderRecords,
  PaymentRow,
  RecordsQuery,
  RefundLookup,
  RefundRow,
  ReturnRow,
  ShipmentRow,
} from '../application/read/order-records.ts';

export interface FakeRecords {
  readonly records: {
    payments: readonly PaymentRow[];
    refunds: readonly RefundRow[];
    shipments: readonly ShipmentRow[];
    returns: readonly ReturnRow[];
  };
  readonly mysqlAway: boolean;
}

export function createFakeRecords(controls: FakeRecords): OrderRecords & RefundLookup {
  const page = async <T extends { readonly number: number }>(
    rows: readonly T[],
    { after, limit }: RecordsQuery,
  ): Promise<T[]> => {
    if (controls.mysqlAway) throw appError('MYSQL_TIMEOUT', { timeoutMs: 1 });
    return rows.filter(({ number }) => number > after).slice(0, limit);
  };
  return {
    payments: (query) => page(controls.records.payments, query),
    refunds: (query) => page(controls.records.refunds, query),
    shipments: (query) => page(controls.records.shipments, query),
    returns: (query) => page(controls.records.returns, query),
    async hasRefund(_orderId, id) {
      if (controls.mysqlAway) throw appError('MYSQL_TIMEOUT', { timeoutMs: 1 });
      return controls.records.refunds.some(({ refundId: known }) => known === id);
    },
  };
}

const atMs = 1_767_600_000_000;
const paymentId = '6f9619ff-8b86-8011-b42d-00c04fc964ff';
const refundId = '7f9619ff-8b86-8011-b42d-00c04fc964ff';

/** One record of each kind, with every member that a record can have. */
export const sampleRecords: FakeRecords['records'] = {
  payments: [
    {
      ...{ number: 1, paymentId, provider: 'local', providerPaymentId: 'pay_1' },
      ...{ amount: 500, currency: 'EUR', disposition: 'SETTLES', receivedAtMs: atMs },
    },
  ],
  refunds: [
    {
      ...{ number: 1, refundId, paymentId, provider: 'manual', providerRefundId: 'bank-1' },
      ...{ amount: 250, currency: 'EUR', status: 'FAILED', reason: 'RETURNED', retryOf: paymentId },
      ...{ isRetried: true, lines: [{ line: 1, quantity: 1 }], withShipping: true },
      ...{ failureCode: 'closed', requestedAtMs: atMs, settledAtMs: atMs },
    },
  ],
  shipments: [
    {
      ...{ number: 1, lines: [{ line: 1, quantity: 2 }], carrier: 'Post', trackingNumber: 'T-1' },
      ...{ shippedAtMs: atMs, deliveredAtMs: atMs },
    },
  ],
  returns: [{ number: 1, lines: [{ line: 1, quantity: 1, restock: 0 }], refundId, returnedAtMs: atMs }],
};

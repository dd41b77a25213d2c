/** The part of the model in `tables.ts` that holds payments and refunds. */
import {
  type CommandNeeds,
  type Decision,
  type KnownOrder,
  type KnownPayment,
  type KnownRefund,
  type MoneySnapshot,
  paymentKey,
  positionKey,
} from '../index.ts';

export interface MoneyTables {
  readonly orders: Map<string, KnownOrder>;
  /** By `paymentKey`. */
  readonly payments: Map<string, KnownPayment>;
  /** By refund id. */
  readonly refunds: Map<string, KnownRefund>;
}

/**
 * The rows that the store reads, and no others. They are frozen: a batch that is decided again must find them unchanged.
 */
export function loadMoney({ orders, payments, refunds }: MoneyTables, needs: CommandNeeds): MoneySnapshot {
  const isOpen = ({ orderId, status, amount, currency }: KnownRefund) =>
    status === 'REQUESTED' &&
    needs.openRefunds.some(
      (open) => open.orderId === orderId && open.amount === amount && open.currency === currency,
    );
  const named = [...refunds.values()].filter(
    (refund) => needs.refundIds.includes(refund.refundId) || isOpen(refund),
  );
  const read = [...payments.values()].filter(
    ({ paymentId, orderId, disposition }) =>
      (disposition === 'SETTLES' && needs.moneyOf.has(orderId)) ||
      named.some((refund) => refund.paymentId === paymentId),
  );
  const byOrder = new Map(
    Array.from(
      Map.groupBy(read, ({ orderId }) => orderId),
      ([orderId, own]) => [
        orderId,
        {
          payments: own,
          refunds: [...refunds.values()]
            .filter((refund) => own.some(({ paymentId }) => paymentId === refund.paymentId))
            .map((refund) => Object.freeze({ ...refund })),
        },
      ],
    ),
  );
  const keys = needs.payments.map(({ provider, providerPaymentId }) =>
    paymentKey(provider, providerPaymentId),
  );
  const byProvider = new Map(keys.flatMap((key) => (payments.has(key) ? [[key, payments.get(key)!]] : [])));
  const lastNumbers = new Map(
    [...needs.moneyOf].flatMap((orderId) => {
      const key = orders.has(orderId) ? positionKey(orders.get(orderId)!.placedAt) : null;
      const lastOf = (rows: Iterable<KnownPayment | KnownRefund>) =>
        Math.max(0, ...[...rows].filter(({ at }) => positionKey(at) === key).map(({ no }) => no));
      return key === null
        ? []
        : [[key, { payment: lastOf(payments.values()), refund: lastOf(refunds.values()) }] as const];
    }),
  );
  return { byOrder, byProvider, lastNumbers };
}

/** Writes the payments and refunds of a decision. Throws if a row exists already. */
export function writeMoney(
  tables: MoneyTables,
  { newPayments, newRefunds, changedRefunds, paymentSources }: Decision,
): void {
  const keyOf = ({ at, no }: { at: { partition: number; offset: number }; no: number }) =>
    `${at.partition}-${at.offset}-${no}`;
  const taken = new Set([...tables.payments.values()].map(keyOf));
  for (const payment of newPayments) {
    const key = paymentKey(payment.provider, payment.providerPaymentId);
    if (tables.payments.has(key) || taken.has(keyOf(payment))) throw new Error(`${key} is stored twice`);
    if (!paymentSources.has(payment)) throw new Error(`${key} has no source`);
    taken.add(keyOf(payment));
    const { partition, offset } = payment.at;
    tables.payments.set(key, { ...payment, at: { partition, offset } });
  }
  const takenRefunds = new Set([...tables.refunds.values()].map(keyOf));
  for (const refund of newRefunds) {
    if (tables.refunds.has(refund.refundId) || takenRefunds.has(keyOf(refund)))
      throw new Error(`${refund.refundId} is stored twice`);
    takenRefunds.add(keyOf(refund));
    const { partition, offset } = refund.at;
    tables.refunds.set(refund.refundId, { ...refund, at: { partition, offset } });
  }
  for (const refund of changedRefunds) {
    if (!tables.refunds.has(refund.refundId)) throw new Error(`${refund.refundId} does not exist`);
    tables.refunds.set(refund.refundId, { ...refund });
  }
}

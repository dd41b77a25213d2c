/**
 * Payments and refunds while a batch is decided. The ledger has the rows that were read, with the changes of the commands
 * decided so far. The rows of the snapshot are never changed, because a batch may be decided again.
 */
import { paymentKey } from './ids.ts';
import type { KnownPayment, KnownRefund, OrderMoneyRows } from './payment.ts';

/** The rows that a batch reads. */
export interface MoneySnapshot {
  /** Payments and refunds that name an order, by order id. Only orders that `CommandNeeds.moneyOf` names. */
  readonly byOrder: ReadonlyMap<string, OrderMoneyRows>;
  /** Payments by `paymentKey`, of whatever order. Only those that `CommandNeeds.payments` names. */
  readonly byProvider: ReadonlyMap<string, KnownPayment>;
}

export const noMoneyRows: MoneySnapshot = { byOrder: new Map(), byProvider: new Map() };

/** The rows that a decision writes. */
export interface MoneyChanges {
  readonly newPayments: readonly KnownPayment[];
  /** In their last state. */
  readonly newRefunds: readonly KnownRefund[];
  /** Existing refunds in their last state. */
  readonly changedRefunds: readonly KnownRefund[];
}

export interface MoneyLedger {
  /** The rows of an order. The caller adds and changes rows through the other functions only. */
  of(orderId: string): OrderMoneyRows;
  /** The payment with this provider id, of whatever order. */
  known(provider: string, providerPaymentId: string): KnownPayment | undefined;
  addPayment(payment: KnownPayment): void;
  addRefund(refund: KnownRefund): void;
  /** Changes a refund that `of` returned. */
  changeRefund(refund: KnownRefund, change: Partial<KnownRefund>): void;
  changes(): MoneyChanges;
}

/** Opens the ledger of one batch. It copies a row before it changes it. */
export function openMoneyLedger(snapshot: MoneySnapshot): MoneyLedger {
  const rows = new Map<string, OrderMoneyRows>();
  const added = new Map<string, KnownPayment>();
  const newRefunds = new Set<KnownRefund>();
  const changedRefunds = new Set<KnownRefund>();

  const of = (orderId: string): OrderMoneyRows => {
    let found = rows.get(orderId);
    if (found === undefined) {
      const { payments = [], refunds = [] } = snapshot.byOrder.get(orderId) ?? {};
      found = { payments: [...payments], refunds: refunds.map((refund) => ({ ...refund })) };
      rows.set(orderId, found);
    }
    return found;
  };

  return {
    of,
    known(provider, providerPaymentId) {
      const key = paymentKey(provider, providerPaymentId);
      return added.get(key) ?? snapshot.byProvider.get(key);
    },
    addPayment(payment) {
      added.set(paymentKey(payment.provider, payment.providerPaymentId), payment);
      of(payment.orderId).payments.push(payment);
    },
    addRefund(refund) {
      newRefunds.add(refund);
      of(refund.orderId).refunds.push(refund);
    },
    changeRefund(refund, change) {
      Object.assign(refund, change);
      if (!newRefunds.has(refund)) changedRefunds.add(refund);
    },
    changes: () => ({
      newPayments: [...added.values()],
      newRefunds: [...newRefunds],
      changedRefunds: [...changedRefunds],
    }),
  };
}

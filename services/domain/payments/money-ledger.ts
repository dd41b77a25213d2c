/**
 * Payments and refunds while a batch is decided. The ledger has the rows that were read, with the changes of the commands
 * decided so far. The rows of the snapshot are never changed, because a batch may be decided again.
 */
import { paymentKey } from './ids.ts';
import type { KnownPayment, KnownRefund, LogPosition, OrderMoneyRows } from './payment.ts';

/** The highest numbers of the payments and refunds at one position; 0 without any. */
interface LastNumbers {
  readonly payment: number;
  readonly refund: number;
}

/** The rows that a batch reads. */
export interface MoneySnapshot {
  /**
   * By order id. It has the settling payments of `CommandNeeds.moneyOf`, and the payments of the refunds that the batch
   * names. It has all refunds of these payments.
   */
  readonly byOrder: ReadonlyMap<string, OrderMoneyRows>;
  /** Payments by `paymentKey`, of whatever order. Only those that `CommandNeeds.payments` names. */
  readonly byProvider: ReadonlyMap<string, KnownPayment>;
  /** By `positionKey`, of the orders that `CommandNeeds.moneyOf` names. */
  readonly lastNumbers: ReadonlyMap<string, LastNumbers>;
}

export const noMoneyRows: MoneySnapshot = {
  byOrder: new Map(),
  byProvider: new Map(),
  lastNumbers: new Map(),
};

/** The key of a position in a snapshot. */
export function positionKey({ partition, offset }: LogPosition): string {
  return `${partition}-${offset}`;
}

/** The rows that a decision writes. */
export interface MoneyChanges {
  readonly newPayments: readonly KnownPayment[];
  /** In their last state. */
  readonly newRefunds: readonly KnownRefund[];
  /** Existing refunds in their last state. */
  readonly changedRefunds: readonly KnownRefund[];
}

export interface MoneyLedger {
  /** The rows of an order that were read or added. The caller adds and changes rows through the other functions only. */
  of(orderId: string): OrderMoneyRows;
  /** The number of the next payment that is stored under this position. */
  nextPaymentNo(at: LogPosition): number;
  /** The number of the next refund of the payment. */
  nextRefundNo(payment: KnownPayment): number;
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

  const numbers = new Map<string, { payment: number; refund: number }>();
  const numbersAt = (at: LogPosition) => {
    const key = positionKey(at);
    let found = numbers.get(key);
    if (found === undefined) {
      found = { ...(snapshot.lastNumbers.get(key) ?? { payment: 0, refund: 0 }) };
      numbers.set(key, found);
    }
    return found;
  };

  return {
    of,
    nextPaymentNo: (at) => numbersAt(at).payment + 1,
    nextRefundNo({ orderId, at }) {
      // The position of a payment without an order has its own refunds only. All of them were read.
      const key = positionKey(at);
      const read = of(orderId).refunds.filter((refund) => positionKey(refund.at) === key);
      return Math.max(numbersAt(at).refund, ...read.map(({ no }) => no)) + 1;
    },
    known(provider, providerPaymentId) {
      const key = paymentKey(provider, providerPaymentId);
      return added.get(key) ?? snapshot.byProvider.get(key);
    },
    addPayment(payment) {
      added.set(paymentKey(payment.provider, payment.providerPaymentId), payment);
      numbersAt(payment.at).payment = payment.no;
      of(payment.orderId).payments.push(payment);
    },
    addRefund(refund) {
      newRefunds.add(refund);
      numbersAt(refund.at).refund = refund.no;
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

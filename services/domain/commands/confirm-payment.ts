/**
 * CONFIRM_PAYMENT: a provider has captured money. A payment of exactly the total settles an unpaid order. All other money
 * is stored and refunded, and changes no status.
 */
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import { currentOrder, type DecisionContext, type KnownOrder, type SourceRecord } from '../context.ts';
import type { OrderStatus } from '../orders/status.ts';
import { paymentIdOf } from '../payments/ids.ts';
import type { Disposition, KnownPayment, KnownRefund } from '../payments/payment.ts';
import { paymentRecord, refundRecord } from '../payments/records.ts';
import { requestRefund } from '../payments/request-refund.ts';
import { amountMax } from '../pricing/money.ts';
import * as reasons from '../reasons.ts';
import { codeProblem, moneyProblem, providerIdProblem, providerProblem, referenceProblem } from './bounds.ts';
import { applyChange, refuse } from './change.ts';
import type { CommandHandler, CommandNeeds, CommandOf } from './handler.ts';

type ConfirmCommand = CommandOf<'CONFIRM_PAYMENT'>;

export const confirmPayment: CommandHandler<ConfirmCommand> = {
  repeatedBy: 'commandId',
  transitions: { PENDING_PAYMENT: 'PAID' },
  givesBack: false,
  problem,
  addNeeds,
  decide,
};

function problem({ payload }: ConfirmCommand): string | null {
  return (
    providerProblem(payload.provider) ??
    providerIdProblem('providerEventId', payload.providerEventId) ??
    providerIdProblem('providerPaymentId', payload.providerPaymentId) ??
    moneyProblem(payload) ??
    codeProblem('kind', payload.kind) ??
    referenceProblem(payload.reference)
  );
}

function addNeeds(command: ConfirmCommand, needs: CommandNeeds): void {
  const { orderId, commandId, payload } = command;
  needs.orderIds.add(orderId!);
  needs.moneyOf.add(orderId!);
  needs.payments.push({ provider: payload.provider, providerPaymentId: providerPaymentIdOf(command) });
  needs.commands.push({ orderId, commandId });
}

/** Decides one payment. Money of an unknown order is stored and refunded too. */
function decide(context: DecisionContext, record: SourceRecord, command: ConfirmCommand): OrderEvent {
  const { provider, providerEventId, amount, currency, kind } = command.payload;
  const named = currentOrder(context, command.orderId!);
  if (kind !== 'CAPTURED') return refuse(context, record, command, named ?? null, reasons.kindUnknown(kind));
  const known = context.money.known(provider, providerPaymentIdOf(command));
  if (known !== undefined)
    return refuse(context, record, command, named ?? null, reasons.paymentKnown(known));
  // An event cannot hold a larger sum. Then the payment is kept like one without an order.
  const isBeyond = named?.currency === currency && named.received + amount > amountMax;
  const order = isBeyond ? undefined : named;
  const disposition = order === undefined ? 'UNMATCHED' : dispositionOf(order, amount, currency);
  const payment = storePayment(context, record, command, order, disposition);
  const shown = paymentRecord(payment, providerEventId);
  if (order === undefined) {
    const refund = refundAll(context, command, payment, 'UNMATCHED');
    const event = refuse(context, record, command, null, reasons.paymentUnmatched());
    return { ...event, payment: shown, refund: refundRecord(refund) };
  }
  if (currency === order.currency) order.received += amount;
  if (disposition === 'SETTLES')
    return applyChange(context, record, command, order, { status: 'PAID', payment: shown });
  if (currency === order.currency) order.refundPending += amount;
  const refund = refundRecord(refundAll(context, command, payment, disposition));
  return applyChange(context, record, command, order, { what: 'payment_kept', payment: shown, refund });
}

/** What a payment is for an existing order, in its current status. */
function dispositionOf(
  order: KnownOrder,
  amount: number,
  currency: string,
): Exclude<Disposition, 'UNMATCHED'> {
  if (order.status === 'PENDING_PAYMENT') {
    return amount === order.total && currency === order.currency ? 'SETTLES' : 'MISMATCH';
  }
  return unpaidEnds.has(order.status) ? 'LATE' : 'SURPLUS';
}

const unpaidEnds: ReadonlySet<OrderStatus> = new Set(['REJECTED', 'CANCELLED', 'EXPIRED', 'PAYMENT_FAILED']);

function storePayment(
  context: DecisionContext,
  { partition, offset }: SourceRecord,
  command: ConfirmCommand,
  order: KnownOrder | undefined,
  disposition: Disposition,
): KnownPayment {
  const { provider, providerEventId, amount, currency, reference } = command.payload;
  const orderId = command.orderId!;
  const providerPaymentId = providerPaymentIdOf(command);
  const at = order?.placedAt ?? { partition, offset };
  const payment: KnownPayment = {
    paymentId: paymentIdOf(provider, providerPaymentId),
    orderId,
    at,
    no: context.money.nextPaymentNo(at),
    provider,
    providerPaymentId,
    amount,
    currency,
    disposition,
    disputed: 0,
  };
  context.money.addPayment(payment);
  context.paymentSources.set(payment, {
    partition,
    offset,
    providerEventId,
    reference,
    issuedAtMs: command.issuedAt,
  });
  return payment;
}

function refundAll(
  context: DecisionContext,
  { commandId }: ConfirmCommand,
  payment: KnownPayment,
  reason: Exclude<Disposition, 'SETTLES'>,
): KnownRefund {
  return requestRefund(context, { commandId, payment, amount: payment.amount, reason });
}

/** A command of an older schema has no id of the payment. */
function providerPaymentIdOf({ payload }: ConfirmCommand): string {
  return payload.providerPaymentId ?? payload.providerEventId;
}

/**
 * RECORD_REFUND: the result of a refund, from a provider or from an operator (provider `manual`). Results may come in any
 * order and more than once. The table of `resultOf` says which result replaces which.
 */
import type { OrderEvent, Reason } from '../../../schemas/generated/types.ts';
import { currentOrder, type DecisionContext, type KnownOrder, type SourceRecord } from '../context.ts';
import { freeOf, type KnownRefund, type OrderMoneyRows } from '../payments/payment.ts';
import { refundRecord } from '../payments/records.ts';
import { amountMax } from '../pricing/money.ts';
import * as reasons from '../reasons.ts';
import { codeProblem, moneyProblem, providerIdProblem, providerProblem, refundIdProblem } from './bounds.ts';
import { applyChange, refuse } from './change.ts';
import type { CommandHandler, CommandNeeds, CommandOf } from './handler.ts';

type RecordCommand = CommandOf<'RECORD_REFUND'>;

/** The provider of results that an operator reports, for refunds that the provider cannot make. */
const manualProvider = 'manual';

export const recordRefund: CommandHandler<RecordCommand> = {
  repeatedBy: 'commandId',
  transitions: {},
  givesBack: false,
  problem: ({ payload }) =>
    providerProblem(payload.provider) ??
    providerIdProblem('providerEventId', payload.providerEventId) ??
    providerIdProblem('providerRefundId', payload.providerRefundId) ??
    refundIdProblem(payload.refundId) ??
    moneyProblem(payload) ??
    codeProblem('failureCode', payload.failureCode),
  addNeeds,
  decide,
};

function addNeeds({ orderId, commandId, payload }: RecordCommand, needs: CommandNeeds): void {
  const { refundId, amount, currency } = payload;
  needs.orderIds.add(orderId!);
  needs.moneyOf.add(orderId!);
  if (refundId === null) needs.openRefunds.push({ orderId: orderId!, amount, currency });
  else needs.refundIds.push(refundId);
  needs.commands.push({ orderId, commandId });
}

/** Decides one result. The refund of a payment without an order changes too, but no order does. */
function decide(context: DecisionContext, record: SourceRecord, command: RecordCommand): OrderEvent {
  const order = currentOrder(context, command.orderId!);
  const rows = context.money.of(command.orderId!);
  const refund = findRefund(rows, command);
  if (refund === undefined) return refuse(context, record, command, order ?? null, reasons.refundUnknown());
  const payment = rows.payments.find(({ paymentId }) => paymentId === refund.paymentId);
  const changed = payment?.disposition === 'UNMATCHED' ? undefined : order;
  const problem = refusalOf(rows, refund, command) ?? sumProblem(changed, refund, command);
  if (problem !== null) return refuse(context, record, command, order ?? null, problem);

  const before = refund.status;
  const { provider, providerRefundId, succeeded, failureCode } = command.payload;
  const status = succeeded ? 'SUCCEEDED' : 'FAILED';
  const settledAtMs = context.settings.nowMs;
  const result = { status, resultProvider: provider, providerRefundId, failureCode, settledAtMs } as const;
  context.money.changeRefund(refund, result);
  if (changed === undefined) {
    const event = refuse(context, record, command, order ?? null, reasons.paymentUnmatched());
    return { ...event, refund: refundRecord(refund) };
  }
  if (refund.currency === changed.currency) moveMoney(changed, refund.amount, before, status);
  const what = succeeded ? 'refunded' : 'refund_failed';
  return applyChange(context, record, command, changed, { what, refund: refundRecord(refund) });
}

/** The named refund. Without an id: the only open refund of this amount. */
function findRefund({ refunds }: OrderMoneyRows, { payload }: RecordCommand): KnownRefund | undefined {
  const { refundId, amount, currency } = payload;
  if (refundId !== null) return refunds.find((refund) => refund.refundId === refundId);
  const open = refunds.filter(
    (refund) => refund.status === 'REQUESTED' && refund.amount === amount && refund.currency === currency,
  );
  return open.length === 1 ? open[0] : undefined;
}

/** Why the result does not apply to the refund, or null. A provider reports only about its own refunds. */
function refusalOf(rows: OrderMoneyRows, refund: KnownRefund, { payload }: RecordCommand): Reason | null {
  const differs = reasons.refundDiffers(refund.status, refund.providerRefundId);
  const isOwn = payload.provider === refund.provider || payload.provider === manualProvider;
  if (!isOwn || payload.amount !== refund.amount || payload.currency !== refund.currency) return differs;
  switch (resultOf(refund, payload)) {
    case 'applies':
      return null;
    case 'differs':
      return differs;
    case 'applies if the money is left': {
      const payment = rows.payments.find(({ paymentId }) => paymentId === refund.paymentId);
      const free = payment === undefined ? 0 : freeOf(payment, rows.refunds);
      return refund.amount <= free ? null : reasons.refundTooLarge(refund.amount, free);
    }
  }
}

/**
 * An event cannot hold a larger sum. Only late successes of refunds that were given up and repeated can reach it. Then the
 * order was paid back several times, and a person must look at it.
 */
function sumProblem(
  order: KnownOrder | undefined,
  { amount, currency }: KnownRefund,
  { payload }: RecordCommand,
): Reason | null {
  if (order?.currency !== currency || !payload.succeeded) return null;
  const left = amountMax - order.refunded;
  return amount > left ? reasons.refundTooLarge(amount, left) : null;
}

/** What a result does to a refund in its current status. */
function resultOf(
  { status, providerRefundId, resultProvider }: KnownRefund,
  result: RecordCommand['payload'],
): 'applies' | 'applies if the money is left' | 'differs' {
  const isSame = result.providerRefundId === providerRefundId && result.provider === resultProvider;
  switch (status) {
    case 'REQUESTED':
      return 'applies';
    case 'SUCCEEDED':
      // A provider may take a success back, but only of the same refund.
      return !result.succeeded && isSame && providerRefundId !== null ? 'applies' : 'differs';
    case 'FAILED':
      if (result.provider === manualProvider && result.succeeded) return 'applies if the money is left';
      // The refund was given up. Now the provider says that it made it, or that it failed.
      return providerRefundId === null && result.providerRefundId !== null ? 'applies' : 'differs';
  }
}

function moveMoney(
  order: KnownOrder,
  amount: number,
  before: KnownRefund['status'],
  after: KnownRefund['status'],
): void {
  if (before === 'REQUESTED') order.refundPending -= amount;
  if (before === 'SUCCEEDED') order.refunded -= amount;
  if (after === 'SUCCEEDED') order.refunded += amount;
}

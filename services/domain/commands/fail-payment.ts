/** FAIL_PAYMENT: one attempt to pay failed, or the order can no longer be paid. */
import type { OrderEvent, PaymentChange } from '../../../schemas/generated/types.ts';
import { currentOrder, type DecisionContext, type KnownOrder, type SourceRecord } from '../context.ts';
import * as reasons from '../reasons.ts';
import { providerIdProblem, providerProblem, textProblem } from './bounds.ts';
import { applyChange, refuse, release } from './change.ts';
import type { CommandHandler, CommandNeeds, CommandOf } from './handler.ts';

type FailCommand = CommandOf<'FAIL_PAYMENT'>;

/** Maximum number of failed attempts that one order records. Each raises its version. */
const failedAttemptsMax = 100;

export const failPayment: CommandHandler<FailCommand> = {
  repeatedBy: 'commandId',
  transitions: { PENDING_PAYMENT: 'PAYMENT_FAILED' },
  givesBack: true,
  problem: ({ payload }) =>
    providerProblem(payload.provider) ??
    providerIdProblem('providerEventId', payload.providerEventId) ??
    providerIdProblem('providerPaymentId', payload.providerPaymentId) ??
    textProblem('reason', payload.reason),
  addNeeds,
  decide,
};

function addNeeds({ orderId, commandId }: FailCommand, needs: CommandNeeds): void {
  needs.orderIds.add(orderId!);
  needs.commands.push({ orderId, commandId });
}

/** Decides one failure. An order that was paid or has ended is not changed by it. */
function decide(context: DecisionContext, record: SourceRecord, command: FailCommand): OrderEvent {
  const order = currentOrder(context, command.orderId!);
  if (order === undefined) {
    return refuse(context, record, command, null, reasons.orderUnknown('PAYMENT_FAILED'));
  }
  if (order.status !== 'PENDING_PAYMENT') {
    return refuse(context, record, command, order, reasons.illegalChange(order.status, 'PAYMENT_FAILED'));
  }
  const payment = failedPayment(command, order);
  if (command.payload.final) {
    release(context, order);
    return applyChange(context, record, command, order, { status: 'PAYMENT_FAILED', payment });
  }
  if (order.failedAttempts >= failedAttemptsMax) {
    return refuse(context, record, command, order, reasons.tooMany('failed payments', failedAttemptsMax));
  }
  order.failedAttempts += 1;
  return applyChange(context, record, command, order, { what: 'payment_attempt_failed', payment });
}

/** The failed payment as the outcome shows it: of the whole order, as the provider reports no amount. */
function failedPayment({ payload }: FailCommand, order: KnownOrder): PaymentChange {
  const { provider, providerEventId, providerPaymentId } = payload;
  return {
    provider,
    providerEventId,
    status: 'FAILED',
    amount: order.total,
    currency: order.currency,
    paymentId: null,
    providerPaymentId,
    disposition: null,
  };
}

/** Commands about the money and the deadline of an order, as providers and the scheduler send them. */
import type { OrderCommand } from '../../../schemas/index.ts';
import type { notYetDecided } from '../../../services/domain/commands/registry.ts';
import { refundIdOf } from '../../../services/domain/payments/ids.ts';

function common(orderId: string, commandId: string, actor: string) {
  return {
    commandId,
    orderId,
    customerId: null,
    actor,
    idempotencyKey: null,
    fingerprint: null,
    issuedAt: 1_700_000_000_000,
    traceparent: null,
    sealed: null,
  };
}

/** A captured payment. The same payment gives the same command. */
export function confirmCommand(
  orderId: string,
  payment: string,
  amount: number,
  event = payment,
): OrderCommand {
  return {
    ...common(orderId, `confirm:${event}`, 'provider:local'),
    type: 'CONFIRM_PAYMENT',
    payload: {
      provider: 'local',
      providerEventId: event,
      amount,
      currency: 'EUR',
      providerPaymentId: payment,
      kind: 'CAPTURED',
      reference: null,
    },
  };
}

export function failCommand(orderId: string, final = true): OrderCommand {
  return {
    ...common(orderId, 'fail', 'provider:local'),
    type: 'FAIL_PAYMENT',
    payload: {
      provider: 'local',
      providerEventId: 'fail',
      reason: 'declined',
      providerPaymentId: null,
      final,
    },
  };
}

/** The expiry of an order with this deadline, epoch ms. */
export function expireCommand(orderId: string, dueAt: number): OrderCommand {
  return {
    ...common(orderId, `expire:${dueAt}`, 'scheduler'),
    type: 'EXPIRE',
    issuedAt: dueAt,
    payload: { dueAt },
  };
}

/** The result of the only open refund of this amount. */
export function refundResult(orderId: string, amount: number, succeeded = true): OrderCommand {
  return {
    ...common(orderId, `refund:${succeeded}`, 'provider:local'),
    type: 'RECORD_REFUND',
    payload: {
      provider: 'local',
      providerEventId: 'refund',
      succeeded,
      amount,
      currency: 'EUR',
      refundId: null,
      providerRefundId: `re-${orderId}`,
      failureCode: null,
    },
  };
}

/** What the provider says about the refund that the command `of` requested. */
export function recordCommand(
  orderId: string,
  of: string,
  result: { amount: number; succeeded: boolean; providerRefundId: string | null },
): OrderCommand {
  const { amount, succeeded, providerRefundId } = result;
  const event = `${of}:${providerRefundId}:${succeeded}`;
  return {
    ...common(orderId, `record:${event}`, 'provider:local'),
    type: 'RECORD_REFUND',
    payload: {
      ...{ provider: 'local', providerEventId: event, succeeded, amount, currency: 'EUR' },
      ...{ refundId: refundIdOf(orderId, of), providerRefundId, failureCode: null },
    },
  };
}

/** The request of an operator to make this refund again. */
export function retryCommand(orderId: string, of: string, id = `retry-${of}`): OrderCommand {
  return {
    ...common(orderId, id, 'operator'),
    type: 'RETRY_REFUND',
    payload: { refundId: refundIdOf(orderId, of) },
  };
}

/** A dispute. It is a command of a released type that this version does not decide. */
export function disputeCommand(orderId: string) {
  return {
    ...common(orderId, `dispute:${orderId}`, 'provider:local'),
    type: 'RECORD_DISPUTE' satisfies (typeof notYetDecided)[number],
    payload: {
      provider: 'local',
      providerEventId: 'dispute',
      providerPaymentId: `pay-${orderId}`,
      disputeId: 'dispute-1',
      state: 'OPEN',
      amount: 250,
      currency: 'EUR',
    },
  } as const;
}

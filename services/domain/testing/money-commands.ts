/** Commands about money and time, for the tests of decide. */
import type { OrderCommand } from '../../../schemas/index.ts';
import { refundIdOf } from '../payments/ids.ts';
import { orderIdOf } from './commands.ts';
import { settings } from './tables.ts';

/** The deadline of every order of a test. */
export const dueAtMs = settings.nowMs + settings.paymentWindowMs;

interface Common {
  order: number;
  id?: string;
  fingerprint?: number | null;
}

function common({ order, id = '', fingerprint = null }: Common, actor: string) {
  return {
    commandId: id,
    orderId: orderIdOf(order),
    customerId: null,
    actor,
    idempotencyKey: null,
    fingerprint: fingerprint === null ? null : Buffer.alloc(32, fingerprint),
    issuedAt: dueAtMs,
    traceparent: null,
    sealed: null,
  };
}

type ConfirmParts = Common & {
  /** Id of the payment at the provider; null as in a command of version 1. */
  payment: string | null;
  amount: number;
  currency?: string;
  kind?: string;
  /** Id of the event at the provider. */
  event?: string;
};

export function confirm(parts: ConfirmParts): OrderCommand {
  const { payment, amount, currency = 'EUR', kind = 'CAPTURED', event = `evt-${payment}` } = parts;
  return {
    ...common({ ...parts, id: parts.id ?? `confirm-${event}` }, 'provider:local'),
    type: 'CONFIRM_PAYMENT',
    payload: {
      provider: 'local',
      providerEventId: event,
      amount,
      currency,
      providerPaymentId: payment,
      kind,
      reference: null,
    },
  };
}

export function fail(parts: Common & { final?: boolean }): OrderCommand {
  return {
    ...common({ ...parts, id: parts.id ?? 'fail' }, 'provider:local'),
    type: 'FAIL_PAYMENT',
    payload: {
      provider: 'local',
      providerEventId: `evt-${parts.id ?? 'fail'}`,
      reason: 'declined',
      providerPaymentId: null,
      final: parts.final ?? true,
    },
  };
}

export function expire(parts: Common & { dueAt?: number; issuedAt?: number }): OrderCommand {
  return {
    ...common({ ...parts, id: parts.id ?? 'expire' }, 'scheduler'),
    type: 'EXPIRE',
    issuedAt: parts.issuedAt ?? dueAtMs,
    payload: { dueAt: parts.dueAt ?? dueAtMs },
  };
}

type RecordParts = Common & {
  /** Id of the command that requested the refund; null: the refund is not named. */
  of: string | null;
  amount: number;
  succeeded?: boolean;
  providerRefundId?: string | null;
  provider?: string;
  currency?: string;
};

export function recordRefund(parts: RecordParts): OrderCommand {
  const { order, of, amount, succeeded = true, providerRefundId = `re-${of}`, provider = 'local' } = parts;
  return {
    ...common(
      { ...parts, id: parts.id ?? `record-${of}-${providerRefundId}-${succeeded}` },
      'provider:local',
    ),
    type: 'RECORD_REFUND',
    payload: {
      provider,
      providerEventId: `evt-${of}`,
      succeeded,
      amount,
      currency: parts.currency ?? 'EUR',
      refundId: of === null ? null : refundIdOf(orderIdOf(order), of),
      providerRefundId,
      failureCode: null,
    },
  };
}

export function retryRefund(parts: Common & { of: string }): OrderCommand {
  return {
    ...common({ ...parts, id: parts.id ?? `retry-${parts.of}` }, 'operator'),
    type: 'RETRY_REFUND',
    payload: { refundId: refundIdOf(orderIdOf(parts.order), parts.of) },
  };
}

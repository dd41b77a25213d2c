/**
 * The commands that payments cause. The same event of a provider always gives the same command id. So does the same
 * result of a refund, in a callback or in an answer.
 */
import { hash } from 'node:crypto';
import type {
  ConfirmPaymentCommand,
  FailPaymentCommand,
  RecordRefundCommand,
} from '../../../schemas/index.ts';
import { isOrderId, isUuid, uuidOf } from '../ids/index.ts';
import type { PaymentCaptured, PaymentEvent, PaymentFailed, RefundSettled } from './port.ts';

export type PaymentCommand = (ConfirmPaymentCommand | FailPaymentCommand | RecordRefundCommand) & {
  orderId: string;
};

/** A command with a longer code would be a dead letter. */
const failureCodeLengthMax = 64;

/** The command of one event. `nowMs` is epoch milliseconds. */
export function paymentCommand(provider: string, event: PaymentEvent, nowMs: number): PaymentCommand {
  switch (event.kind) {
    case 'captured':
      return confirmCommand(provider, event, nowMs);
    case 'failed':
      return failCommand(provider, event, nowMs);
    case 'refund':
      return settledCommand(provider, event, nowMs);
  }
}

interface RefundResultToRecord {
  readonly provider: string;
  readonly orderId: string;
  readonly refundId: string;
  /** Null: the provider has no refund of this key. */
  readonly providerRefundId: string | null;
  readonly providerEventId: string;
  readonly succeeded: boolean;
  /** The provider's code for a failure. */
  readonly failureCode: string | null;
  readonly amount: number;
  readonly currency: string;
}

/** The result of a refund. A callback and the answer of a call give the same command. */
export function recordRefundCommand(result: RefundResultToRecord, nowMs: number): PaymentCommand {
  const { provider, orderId, refundId, providerRefundId, succeeded, amount, currency } = result;
  const { providerEventId } = result;
  const failureCode = result.failureCode?.slice(0, failureCodeLengthMax) ?? null;
  const named = `${provider}\0${refundId}\0${providerRefundId ?? ''}\0${succeeded ? 'succeeded' : 'failed'}`;
  return {
    ...envelope(provider, orderId, nowMs),
    commandId: commandId('refund', named),
    type: 'RECORD_REFUND',
    // Without the event id, which differs between a callback and an answer.
    fingerprint: fingerprintOf({ amount, currency, provider, providerRefundId, refundId, succeeded }),
    payload: {
      ...{ provider, providerEventId, succeeded, amount, currency },
      ...{ refundId, providerRefundId, failureCode },
    },
  };
}

function confirmCommand(provider: string, event: PaymentCaptured, nowMs: number): PaymentCommand {
  const { eventId, providerPaymentId, amount, currency, reference } = event;
  const orderId = orderIdOf(provider, event);
  const kind = 'CAPTURED';
  return {
    ...envelope(provider, orderId, nowMs),
    commandId: commandId('confirm', `${orderId}\0${provider}\0${eventId}`),
    type: 'CONFIRM_PAYMENT',
    fingerprint: fingerprintOf({ amount, currency, kind, provider, providerPaymentId }),
    payload: {
      provider,
      providerEventId: eventId,
      amount,
      currency,
      providerPaymentId,
      kind,
      reference: orderId === reference ? null : reference,
    },
  };
}

function failCommand(provider: string, event: PaymentFailed, nowMs: number): PaymentCommand {
  const { eventId, providerPaymentId, isFinal, reason } = event;
  const orderId = orderIdOf(provider, event);
  return {
    ...envelope(provider, orderId, nowMs),
    commandId: commandId('fail', `${orderId}\0${provider}\0${eventId}`),
    type: 'FAIL_PAYMENT',
    fingerprint: fingerprintOf({ final: isFinal, provider, providerPaymentId, reason }),
    payload: { provider, providerEventId: eventId, reason, providerPaymentId, final: isFinal },
  };
}

function settledCommand(provider: string, event: RefundSettled, nowMs: number): PaymentCommand {
  const { eventId, providerRefundId, succeeded, failureCode, amount, currency } = event;
  // A refund that a person or another system made at the provider has no key of ours. Without a refund id, the decision
  // could take it for another open refund of the same amount. It refuses an unknown id.
  const refundId =
    event.refundId !== null && isUuid(event.refundId)
      ? event.refundId
      : uuidOf(`desk\0${provider}\0${providerRefundId}`);
  const result = {
    provider,
    orderId: orderIdOf(provider, event),
    refundId,
    providerRefundId,
    amount,
    currency,
  };
  return recordRefundCommand({ ...result, providerEventId: eventId, succeeded, failureCode }, nowMs);
}

/**
 * The order that an event is about. Money whose reference is no order id still reaches the log, under an id that follows
 * from the payment.
 */
function orderIdOf(provider: string, event: PaymentEvent): string {
  const { reference } = event;
  if (isOrderId(reference)) return reference;
  return uuidOf(`payment\0${provider}\0${event.providerPaymentId ?? event.eventId}`);
}

function envelope(provider: string, orderId: string, nowMs: number) {
  return {
    orderId,
    customerId: null,
    actor: `provider:${provider}`,
    idempotencyKey: null,
    issuedAt: nowMs,
    traceparent: null,
    sealed: null,
  };
}

function commandId(prefix: string, named: string): string {
  return `${prefix}:${hash('sha256', named, 'hex').slice(0, 32)}`;
}

/** SHA-256 of the canonical JSON (RFC 8785) of a flat object whose names are sorted already. */
function fingerprintOf(sorted: Readonly<Record<string, string | number | boolean | null>>): Buffer {
  return hash('sha256', JSON.stringify(sorted), 'buffer');
}

/**
 * Reads callbacks of the local provider. Each one has one event and is signed according to Standard Webhooks.
 */
import { Compile } from 'typebox/compile';
import { verifyWebhook } from '../../standard-webhooks/index.ts';
import type { CallbackHeaders, CallbackReading, PaymentEvent } from '../port.ts';
import { CallbackBody, CapturedData, DeclinedData, RefundData } from './shapes.ts';

const callbackBody = Compile(CallbackBody);
const capturedData = Compile(CapturedData);
const declinedData = Compile(DeclinedData);
const refundData = Compile(RefundData);

/** Reads a callback. Checks the signature before it parses the body. */
export function readLocalCallback(
  secrets: readonly string[],
  headers: CallbackHeaders,
  raw: Buffer,
  nowMs: number,
): CallbackReading {
  const verification = verifyWebhook(secrets, headers, raw, nowMs);
  if (verification !== 'valid') return { kind: 'refused', reason: verification };
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));
  } catch {
    return { kind: 'unreadable', reason: 'the body is not JSON in UTF-8' };
  }
  if (!callbackBody.Check(body)) return { kind: 'unreadable', reason: 'the body has no id, type and data' };
  const { id, type, data } = body;
  const event = eventOf(id, type, data);
  if (event === 'malformed') return { kind: 'unreadable', reason: `data does not have the form of ${type}` };
  return { kind: 'read', events: event === null ? [] : [event] };
}

/**
 * Null for types that do not concern orders. For example, the order's own time decides about an expired
 * session.
 */
function eventOf(eventId: string, type: string, data: unknown): PaymentEvent | null | 'malformed' {
  switch (type) {
    case 'payment.captured': {
      if (!capturedData.Check(data)) return 'malformed';
      const { payment, reference, amount, currency } = data;
      return { kind: 'captured', eventId, reference, providerPaymentId: payment, amount, currency };
    }
    case 'payment.declined':
    case 'session.failed': {
      if (!declinedData.Check(data)) return 'malformed';
      const { payment, reference, reason } = data;
      const isFinal = type === 'session.failed';
      return { kind: 'failed', eventId, reference, providerPaymentId: payment, isFinal, reason };
    }
    case 'refund.succeeded':
    case 'refund.failed': {
      if (!refundData.Check(data)) return 'malformed';
      const { refund, reason, key, payment, reference, amount, currency } = data;
      return {
        kind: 'refund',
        eventId,
        reference,
        refundId: key,
        providerPaymentId: payment,
        providerRefundId: refund,
        succeeded: type === 'refund.succeeded',
        failureCode: reason,
        amount,
        currency,
      };
    }
    default:
      return null;
  }
}

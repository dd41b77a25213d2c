/** Commands of operators about refunds. */
import { hash } from 'node:crypto';
import type { RetryRefundCommand } from '../../schemas/index.ts';

/**
 * The request to make a failed refund again. The same retry again is the same command: a refund is retried once.
 *
 * @param actor visible ASCII characters, at most 128
 */
export function retryRefundCommand(
  refundId: string,
  orderId: string,
  actor: string,
): RetryRefundCommand & { orderId: string } {
  return {
    ...{ commandId: `retry:${hash('sha256', refundId, 'hex').slice(0, 32)}`, type: 'RETRY_REFUND', orderId },
    ...{ customerId: null, actor, idempotencyKey: null, fingerprint: null },
    ...{ issuedAt: Date.now(), traceparent: null, sealed: null },
    payload: { refundId },
  };
}

/** Ids of payments and refunds. They are derived, so that a repeated decision gives the same ids. */
import { uuidOf } from '../../shared/ids/index.ts';

/** Our id of a provider's payment: the same for every order and every event that names it. */
export function paymentIdOf(provider: string, providerPaymentId: string): string {
  return uuidOf(`payment\0${provider}\0${providerPaymentId}`);
}

/** The id of the refund that a command requests. A command requests one refund at most. */
export function refundIdOf(orderId: string, commandId: string): string {
  return uuidOf(`refund\0${orderId}\0${commandId}`);
}

/** The key of a payment in a snapshot. It is as unique as the key `payments_provider`. */
export function paymentKey(provider: string, providerPaymentId: string): string {
  return `${provider} ${providerPaymentId}`;
}

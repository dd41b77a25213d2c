/**
 * What this product needs of a payment provider. Amounts are integers in minor units of ISO 4217. No method throws for
 * what a provider does or omits: a failure to get an answer is a result.
 */
import type { IncomingHttpHeaders } from 'node:http';

export interface PaymentProvider {
  /** Stands in URLs, commands and tables: lower-case letters, digits and dashes. */
  readonly name: string;
  /** Opens the page on which the customer pays. The order id is the key: the same order gets the same session. */
  createSession(request: SessionRequest): Promise<SessionResult>;
  /** Pays money back. `refundId` is the idempotency key. */
  refund(request: RefundRequest): Promise<RefundResult>;
  /** Whether the provider has a refund of this key for this payment. */
  findRefund(refundId: string, providerPaymentId: string): Promise<FoundRefund>;
  /**
   * Captures and refunds that were made from `fromMs` on and before `toMs`, oldest first. Throws PROVIDER_UNAVAILABLE if
   * the provider gives no answer: a part of the list would look like missing money.
   */
  list(fromMs: number, toMs: number): AsyncIterable<ProviderRecord>;
  /** Reads one callback: the exact bytes of its body, judged by its headers and this time. Needs no connection. */
  readCallback(headers: IncomingHttpHeaders, raw: Buffer, nowMs: number): CallbackReading;
}

interface SessionRequest {
  readonly orderId: string;
  readonly amount: number;
  readonly currency: string;
  /** The provider takes no payment from then on. */
  readonly expiresAtMs: number;
  /** Where the customer goes afterwards; null for a page of the provider. */
  readonly returnUrl: string | null;
}

export type SessionResult =
  | { readonly status: 'created'; readonly url: string; readonly expiresAtMs: number }
  /** The provider cannot take this amount or currency. */
  | { readonly status: 'refused'; readonly reason: string }
  | { readonly status: 'unavailable'; readonly reason: string };

interface RefundRequest {
  readonly refundId: string;
  readonly providerPaymentId: string;
  readonly amount: number;
  readonly currency: string;
}

export type RefundResult =
  | MadeRefund
  /** The provider refused the call: this call made no refund. An earlier one may have. */
  | { readonly status: 'refused'; readonly reason: string }
  /** Without an answer nobody knows whether the refund was made. */
  | { readonly status: 'unknown'; readonly reason: string };

/** A refund that the provider has. */
interface MadeRefund {
  readonly status: RefundStatus;
  readonly providerRefundId: string;
  readonly amount: number;
  readonly currency: string;
}

type RefundStatus = 'succeeded' | 'pending' | 'failed';

export type FoundRefund =
  | MadeRefund
  /** Proof that there is no refund of this key. */
  | { readonly status: 'none' }
  | { readonly status: 'unknown'; readonly reason: string };

export type ProviderRecord =
  | {
      readonly kind: 'payment';
      readonly atMs: number;
      readonly providerPaymentId: string;
      readonly reference: string;
      readonly amount: number;
      readonly currency: string;
    }
  | ({ readonly kind: 'refund'; readonly atMs: number; readonly providerPaymentId: string } & MadeRefund);

export type CallbackReading =
  | { readonly kind: 'refused'; readonly reason: 'forged' | 'old' }
  /** The provider signed it, but its form is unknown. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** Without events if it says nothing that concerns orders. */
  | { readonly kind: 'read'; readonly events: readonly PaymentEvent[] };

interface ProviderEvent {
  /** The provider gives each event its own id, and the same one when it sends the event again. */
  readonly eventId: string;
  /** The text that the payment came with: usually an order id. */
  readonly reference: string;
}

interface PaymentCaptured extends ProviderEvent {
  readonly kind: 'captured';
  readonly providerPaymentId: string;
  readonly amount: number;
  readonly currency: string;
}

interface PaymentFailed extends ProviderEvent {
  readonly kind: 'failed';
  /** The attempt that failed, if the provider gave it an id. */
  readonly providerPaymentId: string | null;
  /** The only session of the order takes no more payment. */
  readonly isFinal: boolean;
  /** A short code of the provider, such as `card_declined`. */
  readonly reason: string;
}

interface RefundSettled extends ProviderEvent {
  readonly kind: 'refund';
  /** The key that the refund was requested with; null if it was made at the provider's desk. */
  readonly refundId: string | null;
  readonly providerPaymentId: string;
  readonly providerRefundId: string;
  readonly succeeded: boolean;
  readonly amount: number;
  readonly currency: string;
}

export type PaymentEvent = PaymentCaptured | PaymentFailed | RefundSettled;

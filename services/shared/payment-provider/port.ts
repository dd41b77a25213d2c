/**
 * The interface between this product and a payment provider. Amounts are integers in minor units of ISO 4217.
 * Except for `list`, no method throws for a fault of the provider. A missing answer is a result.
 */

/** As Node has them: the names are in lower case. */
export type CallbackHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface PaymentProvider {
  /** The name in URLs, commands and tables: lower-case letters, digits and dashes. */
  readonly name: string;
  /**
   * Opens the page on which the customer pays. The order id is the key, so the same order gets the same
   * session.
   */
  createSession(request: SessionRequest): Promise<SessionResult>;
  /** Pays money back. `refundId` is the idempotency key. */
  refund(request: RefundRequest): Promise<RefundResult>;
  /** Whether the provider has a refund of this key for this payment. */
  findRefund(refundId: string, providerPaymentId: string): Promise<FoundRefund>;
  /**
   * Captures and refunds that were made from `fromMs` on and before `toMs`, oldest first. Throws
   * PROVIDER_UNAVAILABLE if the provider does not answer, because a part of the list would look like missing
   * money.
   */
  list(fromMs: number, toMs: number): AsyncIterable<ProviderRecord>;
  /**
   * Reads one callback. Checks the exact bytes of its body against its headers and this time. Needs no
   * connection.
   */
  readCallback(headers: CallbackHeaders, raw: Buffer, nowMs: number): CallbackReading;
}

interface SessionRequest {
  readonly orderId: string;
  readonly amount: number;
  readonly currency: string;
  /** The provider accepts no payment from this time on. */
  readonly expiresAtMs: number;
  /** The page that the customer sees after the payment. Null for a page of the provider. */
  readonly returnUrl: string | null;
}

export type SessionResult =
  | {
      readonly status: 'created';
      readonly url: string;
      readonly expiresAtMs: number;
    }
  /** The provider does not accept this amount or currency. */
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
  /** The provider refused the call. This call made no refund, but an earlier one may have made it. */
  | { readonly status: 'refused'; readonly code: string; readonly reason: string }
  /** The provider did not answer, so the refund may have been made. */
  | { readonly status: 'unknown'; readonly reason: string };

/** A refund that the provider has. */
export interface MadeRefund {
  readonly status: RefundStatus;
  readonly providerRefundId: string;
  /** The provider's code for a failure; null if there is none. */
  readonly failureCode: string | null;
  readonly amount: number;
  readonly currency: string;
}

type RefundStatus = 'succeeded' | 'pending' | 'failed';

export type FoundRefund =
  | MadeRefund
  /** The provider confirms that it has no refund of this key. */
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
  | ({ readonly kind: 'refund'; readonly atMs: number; readonly providerPaymentId: string } & Omit<
      MadeRefund,
      'failureCode'
    >);

export type CallbackReading =
  | { readonly kind: 'refused'; readonly reason: 'forged' | 'old' }
  /** The provider signed it, but its form is unknown. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** A valid callback. It has no events if its type does not concern orders. */
  | { readonly kind: 'read'; readonly events: readonly PaymentEvent[] };

interface ProviderEvent {
  /** The provider's id of the event. It is the same when the provider sends the event again. */
  readonly eventId: string;
  /** The reference text of the payment, usually an order id. */
  readonly reference: string;
}

export interface PaymentCaptured extends ProviderEvent {
  readonly kind: 'captured';
  readonly providerPaymentId: string;
  readonly amount: number;
  readonly currency: string;
}

export interface PaymentFailed extends ProviderEvent {
  readonly kind: 'failed';
  /** The attempt that failed, if the provider gave it an id. */
  readonly providerPaymentId: string | null;
  /** Whether the only session of the order accepts no more payments. */
  readonly isFinal: boolean;
  /** A short code of the provider, such as `card_declined`. */
  readonly reason: string;
}

export interface RefundSettled extends ProviderEvent {
  readonly kind: 'refund';
  /** The key of the refund request. Null if a person made the refund at the provider. */
  readonly refundId: string | null;
  readonly providerPaymentId: string;
  readonly providerRefundId: string;
  readonly succeeded: boolean;
  readonly failureCode: string | null;
  readonly amount: number;
  readonly currency: string;
}

export type PaymentEvent = PaymentCaptured | PaymentFailed | RefundSettled;

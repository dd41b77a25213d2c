/**
 * The reason why the application refuses a request. A failure is data: functions return it and do not throw it, so
 * it captures no stack. It is independent of protocols. `http/failures.ts` maps the codes to HTTP errors.
 */
export type FailureCode =
  /** The customer has no such order. */
  | 'NOT_FOUND'
  /** An accepted order is in no store, and its command is no longer in the log. */
  | 'ORDER_LOST'
  /** There is no command with this id. */
  | 'COMMAND_NOT_FOUND'
  /** An accepted command has no outcome and is no longer in the log. */
  | 'COMMAND_LOST'
  /** Another request has the idempotency key. */
  | 'KEY_REUSED'
  /** The order has another version than the caller expects. */
  | 'VERSION_STALE'
  /** The cursor is of another list. */
  | 'CURSOR_UNKNOWN'
  /** The command is certainly not in the log. */
  | 'NOT_PRODUCED'
  /** The command may be in the log. */
  | 'OUTCOME_UNKNOWN'
  | 'OVERLOADED'
  /** The request has no valid token. */
  | 'UNAUTHORIZED'
  /** The keys of the token issuer are unavailable. */
  | 'AUTH_UNAVAILABLE'
  /** The token lacks a scope. */
  | 'SCOPE_MISSING'
  /** The caller has used up its share of a common resource. */
  | 'SHARE_USED_UP'
  | 'RATE_LIMITED'
  /** An operator has switched off the intake of orders, batches, streams or quotes. */
  | 'INTAKE_OFF'
  | 'BATCH_OFF'
  | 'STREAMS_OFF'
  | 'QUOTES_OFF'
  /** The stores cannot return the state. */
  | 'STATE_UNAVAILABLE'
  /** The order costs nothing. */
  | 'NOTHING_TO_PAY'
  /** The order cannot be paid now. */
  | 'NOT_PAYABLE'
  /** No such payment provider is configured. */
  | 'PROVIDER_UNKNOWN'
  /** The payment provider gives no answer. */
  | 'PROVIDER_UNAVAILABLE'
  /** The callback has no valid signature of its provider. */
  | 'SIGNATURE_INVALID'
  /** The provider signed the callback, but its form is unknown. */
  | 'CALLBACK_UNREADABLE'
  /** A bug; `cause` is the error. */
  | 'INTERNAL';

export interface FailureDetails {
  /** Time until the caller may retry, in ms. Null if waiting does not help. */
  readonly retryAfterMs?: number | null;
  /** A sentence for the caller with details that the code does not give. */
  readonly detail?: string | null;
  /** The underlying error, only for the log. */
  readonly cause?: unknown;
}

export class Failure {
  readonly code: FailureCode;
  readonly retryAfterMs: number | null;
  readonly detail: string | null;
  readonly cause: unknown;

  constructor(code: FailureCode, { retryAfterMs = null, detail = null, cause }: FailureDetails = {}) {
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.detail = detail;
    this.cause = cause;
  }
}

/**
 * Why the application refuses a request. A failure is data: it is returned, not thrown, and captures no stack.
 * It knows no protocol: each front maps the codes to its own errors (HTTP: `http/failures.ts`).
 */
export type FailureCode =
  /** The customer has no such order. */
  | 'NOT_FOUND'
  /** An accepted order is in no store, and its command is no longer in the log. */
  | 'ORDER_LOST'
  /** Another order has the idempotency key. */
  | 'KEY_REUSED'
  /** The command is certainly not in the log. */
  | 'NOT_PRODUCED'
  /** The command may be in the log. */
  | 'OUTCOME_UNKNOWN'
  | 'OVERLOADED'
  /** The caller has used up its part of what all callers share. */
  | 'SHARE_USED_UP'
  | 'RATE_LIMITED'
  /** The stores cannot return the state. */
  | 'STATE_UNAVAILABLE'
  /** A bug; `cause` is the error. */
  | 'INTERNAL';

export interface FailureDetails {
  /** When the caller may try again, in ms; null when the time changes nothing. */
  readonly retryAfterMs?: number | null;
  /** What the code alone does not say, as a sentence for the caller. */
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

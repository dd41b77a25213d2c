/** The result of one delivery attempt, and the next state of its row. The functions are pure. */

/**
 * - delivered: the receiver has the message.
 * - failed: another attempt may work.
 * - gone: the receiver answered 410 and wants no more messages.
 * - refused: this message can never be delivered (for example, no such mailbox), but the next may.
 * - dropped: there is no receiver.
 * - postponed: no attempt was made, because the host is paused or the lease was about to expire.
 */
export type AttemptResult =
  | { kind: 'delivered'; status: number }
  | {
      kind: 'failed';
      status: number | null;
      error: string;
      /** The receiver asked for this pause, in ms. */
      retryAfterMs: number | null;
      /** Whether the host itself fails, so that its circuit counts the failure. */
      hostTrouble: boolean;
    }
  | { kind: 'gone'; status: number }
  | { kind: 'refused'; status: number | null; error: string }
  | { kind: 'dropped'; error: string }
  | { kind: 'postponed'; delayMs: number };

/** The new contents of the delivery's row. `disable` is the reason to disable its endpoint, if any. */
export interface Verdict {
  status: 'DELIVERED' | 'PENDING' | 'FAILED' | 'DROPPED';
  dueAtMs: number;
  lastStatus: number | null;
  lastError: string | null;
  disable: 'gone' | 'exhausted' | null;
  /** Whether an attempt was made. */
  counts: boolean;
}

/**
 * The attempts that Standard Webhooks recommends, spread over three days. Each delay counts from the previous
 * attempt.
 */
export const usualRetryDelays = ['0s', '5s', '5m', '30m', '2h', '5h', '10h', '14h', '20h', '24h'] as const;

/** A receiver may ask for a pause, but only up to this long. */
const retryAfterMaxMs = 24 * 3_600_000;
/**
 * Random spread of a delay in both directions, so that receivers that failed together are not retried
 * together.
 */
const jitterShare = 0.1;
/** Width of last_error. */
const errorCharsMax = 300;

export interface AttemptContext {
  /** Number of attempts so far, including this one. */
  attempts: number;
  nowMs: number;
  /** `[0]` is the delay before the first attempt; the length is the number of attempts. */
  retryDelaysMs: readonly number[];
  /** A test event is tried once, and its failure does not disable the endpoint. */
  isTest: boolean;
  /** Uniform in [0, 1). */
  random: number;
}

/** The row's next state after an attempt. */
export function verdictOf(result: AttemptResult, context: AttemptContext): Verdict {
  const { nowMs } = context;
  switch (result.kind) {
    case 'delivered':
      return final('DELIVERED', nowMs, result.status, null);
    case 'gone':
      return { ...final('FAILED', nowMs, result.status, 'the receiver answered 410 Gone'), disable: 'gone' };
    case 'refused':
      return final('FAILED', nowMs, result.status, result.error);
    case 'dropped':
      return final('DROPPED', nowMs, null, result.error);
    case 'failed':
      return afterFailure(result, context);
    case 'postponed':
      return { ...final('PENDING', nowMs + result.delayMs, null, null), counts: false };
    default:
      return result satisfies never;
  }
}

function afterFailure(result: Extract<AttemptResult, { kind: 'failed' }>, context: AttemptContext): Verdict {
  const { attempts, nowMs, retryDelaysMs, random } = context;
  if (context.isTest) return final('FAILED', nowMs, result.status, result.error);
  const delayMs = retryDelaysMs[attempts];
  if (delayMs === undefined) {
    return { ...final('FAILED', nowMs, result.status, result.error), disable: 'exhausted' };
  }
  const jittered = delayMs * (1 + jitterShare * (2 * random - 1));
  return {
    ...final('FAILED', nowMs, result.status, result.error),
    status: 'PENDING',
    dueAtMs: nowMs + Math.round(Math.max(jittered, result.retryAfterMs ?? 0)),
  };
}

function final(
  status: Verdict['status'],
  dueAtMs: number,
  lastStatus: number | null,
  error: string | null,
): Verdict {
  const lastError = error?.slice(0, errorCharsMax) ?? null;
  return { status, dueAtMs, lastStatus, lastError, disable: null, counts: true };
}

/**
 * Reads `Retry-After`, which is seconds or an HTTP date (RFC 9110, 10.2.3). Returns ms, at most a day; null if
 * the header is missing or invalid.
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const askedMs = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(askedMs) ? null : Math.min(retryAfterMaxMs, Math.max(0, askedMs));
}

/**
 * Decides when to call the provider about a refund, and whether to pay or to look up. A refund without an answer may have
 * been paid.
 * The provider may have forgotten its key. Then a call comes only after the proof that there is no such refund.
 */

/** `OPEN`: to be called. `PENDING`: the provider has it and works on it. `TOLD`: its result is in the command log. */
export type AttemptState = 'OPEN' | 'PENDING' | 'TOLD';

export interface Attempt {
  readonly state: AttemptState;
  /** Number of calls that may have reached the provider. */
  readonly attempts: number;
  /** Times of the first and the last of them; null before the first. */
  readonly firstAtMs: number | null;
  readonly lastAtMs: number | null;
}

/**
 * `refund`: call the provider with the key. `findThenRefund`: the same after the proof that there is none. `find`: only ask.
 * `giveUp`: ask for the last time; if there is none, the refund has failed.
 */
export type Step = 'refund' | 'findThenRefund' | 'find' | 'giveUp';

/** Providers know a key for 24 hours at least. The rest is for clocks that differ, and for slow calls. */
const keyWindowMs = 20 * 3_600_000;
const attemptsMax = 10;
const givenUpAfterMs = 24 * 3_600_000;
/** A lost call may still arrive within this time. */
const settleMs = 60_000;
const hourMs = 3_600_000;

/** The step of a refund that is due. */
export function stepOf({ state, attempts, firstAtMs }: Attempt, nowMs: number): Step {
  if (state !== 'OPEN') return 'find';
  if (attempts === 0 || firstAtMs === null) return 'refund';
  if (isExhausted(attempts, firstAtMs, nowMs)) return 'giveUp';
  return nowMs - firstAtMs < keyWindowMs ? 'refund' : 'findThenRefund';
}

/** Whether the step may ask the provider to pay. */
export function makesCall(step: Step): boolean {
  return step === 'refund' || step === 'findThenRefund';
}

/** Whether the answer "none" is a proof: a call at this time can no longer arrive. Null: there was no call. */
export function isProof(earlierAtMs: number | null, nowMs: number): boolean {
  return earlierAtMs === null || nowMs - earlierAtMs >= settleMs;
}

/** The next due time of a refund without an answer, in epoch ms. `random` is from 0 to 1. */
export function retryAtMs(attempt: Attempt, nowMs: number, retryMinMs: number, random: number): number {
  const { attempts, firstAtMs, lastAtMs } = attempt;
  if (attempts > 0 && isExhausted(attempts, firstAtMs ?? nowMs, nowMs)) {
    const askedFromMs = (lastAtMs ?? nowMs) + settleMs;
    return nowMs < askedFromMs ? askedFromMs : nowMs + hourMs;
  }
  const delayMs = Math.min(hourMs, retryMinMs * 3 ** Math.max(0, attempts - 1));
  return nowMs + Math.ceil(delayMs * (1 + random / 5));
}

/** The time of the next lookup of a refund that the provider works on. Its callback usually comes first. */
export function askAgainAtMs(nowMs: number): number {
  return nowMs + hourMs;
}

/** The time of the next check of a refund whose result is in the log. A refused result is sent again hourly. */
export function checkAgainAtMs({ state }: Attempt, nowMs: number): number {
  return nowMs + (state === 'TOLD' ? hourMs : settleMs);
}

/** Whether no more call is made without the proof that there is no refund. */
function isExhausted(attempts: number, firstAtMs: number, nowMs: number): boolean {
  return attempts >= attemptsMax || nowMs - firstAtMs >= givenUpAfterMs;
}

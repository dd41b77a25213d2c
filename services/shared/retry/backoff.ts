/** Milliseconds to wait after failed attempt number `attempt` (counted from 1). */
export type Backoff = (attempt: number) => number;

/**
 * Exponential back-off with full jitter: uniform in [0, min(maxMs, initialMs * factor^(attempt-1))]. Full
 * jitter keeps many clients of a recovering server from retrying at the same time. See "Exponential Backoff and
 * Jitter" in the AWS Architecture Blog.
 */
export function backoff(options: {
  initialMs: number;
  maxMs: number;
  factor?: number;
  random?: () => number;
}): Backoff {
  const { initialMs, maxMs, factor = 2, random = Math.random } = options;
  return (attempt) => {
    const ceilingMs = Math.min(maxMs, initialMs * factor ** Math.max(0, attempt - 1));
    return Math.round(random() * ceilingMs);
  };
}

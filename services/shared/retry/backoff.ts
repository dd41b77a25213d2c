/** Milliseconds to wait before the attempt that follows failed attempt number `attempt` (counted from 1). */
export type Backoff = (attempt: number) => number;

/**
 * Exponential back-off with full jitter: uniform in [0, min(maxMs, initialMs * factor^(attempt-1))].
 * Full jitter keeps many clients of one recovering server from knocking in step
 * (AWS Architecture Blog, "Exponential Backoff and Jitter").
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

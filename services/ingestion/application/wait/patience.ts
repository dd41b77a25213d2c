/** How long a request waits, and how it learns that its client has gone. */
import type { Wait, Waits } from './waits.ts';

export interface Patience {
  /** Time to wait for an outcome, in ms. 0 for no wait. */
  readonly waitMs: number;
  /** Registers a function that is called when the client disconnects. */
  readonly onGone: (close: () => void) => void;
}

/** For a request that does not wait. */
export const noPatience: Patience = { waitMs: 0, onGone: () => undefined };

/**
 * Calls `run` with an open wait for outcomes of the subject, and closes the wait afterwards. The wait is null if the
 * request does not wait, or if too many clients wait. The subscription comes first, so that no outcome is missed.
 */
export async function waiting<T>(
  { waits }: { readonly waits: Waits },
  subjectKey: string,
  callerId: string,
  { waitMs, onGone }: Patience,
  run: (wait: Wait | null) => Promise<T>,
): Promise<T> {
  const wait = waitMs > 0 ? waits.open(subjectKey, callerId) : null;
  if (wait !== null) onGone(wait.close);
  try {
    return await run(wait);
  } finally {
    wait?.close();
  }
}

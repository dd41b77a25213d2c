/** Splits long work of one request into turns of the event loop, so that other requests run in between. */

export interface Turn {
  /** True once the work has used its time on the event loop. */
  isOver(): boolean;
  /** Lets all other due work run, then begins a new turn. */
  next(): Promise<void>;
}

/** A fraction of the loop delay that admission allows, and long compared with the cost of a pause. */
const turnMs = 8;

/** Begins a turn for the current work. */
export function startTurn(): Turn {
  let endsAtMs = performance.now() + turnMs;
  return {
    isOver: () => performance.now() >= endsAtMs,
    next: () =>
      new Promise((resolve) => {
        setImmediate(() => {
          endsAtMs = performance.now() + turnMs;
          resolve();
        });
      }),
  };
}

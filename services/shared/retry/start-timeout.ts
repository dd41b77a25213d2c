/**
 * Calls `onTimeout` when `timeoutMs` are over and the event loop has read its sockets once more after that.
 * Otherwise a process that was busy so long would take an answer in its own buffers for a missing one. The
 * returned function cancels it.
 */
export function startTimeout(timeoutMs: number, onTimeout: () => void): () => void {
  let last: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    // Timers run before sockets are read, immediates after: https://nodejs.org/learn/asynchronous-work/event-loop-timers-and-nexttick
    last = setImmediate(onTimeout);
  }, timeoutMs);
  return () => {
    clearTimeout(timer);
    clearImmediate(last);
  };
}

/**
 * Calls `onTimeout` when `timeoutMs` are over and the event loop has looked at its sockets once more after that. A process
 * that was busy itself for so long would else take an answer that lies in its own buffers for one that never came.
 * The returned function calls it off.
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

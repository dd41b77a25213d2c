/**
 * Calls `onTimeout` after `timeoutMs`, and after the event loop has then read its sockets once more. Otherwise
 * a busy process would treat an answer in its own buffers as missing. The returned function cancels the
 * timeout.
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

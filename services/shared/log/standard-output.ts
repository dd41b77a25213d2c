/** The one output of all loggers of a process. The first logger creates it. */
import { createLogOutput, type LogOutput } from './output.ts';

/** How long an ending process waits for the reader of its last lines. */
const finalFlushMs = 500;

const listeners = new Set<(lines: number) => void>();
let output: LogOutput | undefined;

export function standardOutput(): LogOutput {
  if (output !== undefined) return output;
  const made = createLogOutput({
    fd: 1,
    onDropped: (lines) => {
      for (const listener of listeners) listener(lines);
    },
  });
  process.once('exit', () => made.flush(finalFlushMs));
  output = made;
  return made;
}

/**
 * Calls `listener` with the number of lines each time that some are dropped. The returned function removes
 * it.
 */
export function onDroppedLines(listener: (lines: number) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

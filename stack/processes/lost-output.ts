import { getSystemErrorMap } from 'node:util';

/**
 * Calls `lost` once when standard output takes nothing more, with a sentence without its full stop: its reader has gone
 * (`… | head`), or its disk is full. Without it, Node ends the process with a stack trace and without a clean-up.
 */
export function whenOutputIsLost(lost: (why: string) => void): void {
  let isLost = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isLost) return;
    isLost = true;
    lost(reasonOf(error));
  });
  // Where standard error is lost too, nothing is left to say it on.
  process.stderr.on('error', () => undefined);
}

/**
 * For a tool of the tests that runs to an end of its own and has servers to stop by then: without output it goes on, says so
 * once on standard error, and ends with 1.
 */
export function goOnWithoutOutput(): void {
  whenOutputIsLost((why) => {
    console.error(`${why}; the rest runs without it`);
    process.once('exit', () => {
      process.exitCode ||= 1;
    });
  });
}

function reasonOf({ code, errno, message }: NodeJS.ErrnoException): string {
  if (code === 'EPIPE') return 'the output was closed before all of it was written';
  return `the output cannot be written: ${getSystemErrorMap().get(errno ?? 0)?.[1] ?? message}`;
}

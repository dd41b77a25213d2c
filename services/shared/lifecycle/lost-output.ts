import { getSystemErrorMap } from 'node:util';

/**
 * Calls `lost` once when standard output accepts no more bytes. Its reader has gone (`… | head`), or its disk
 * is full. `lost` gets the reason as a sentence without a full stop. Without this listener, Node would end the
 * process with a stack trace and without a clean-up.
 */
export function whenOutputIsLost(lost: (why: string) => void): void {
  let isLost = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isLost) return;
    isLost = true;
    lost(reasonOf(error));
  });
  // If standard error is lost too, the process cannot report anything.
  process.stderr.on('error', () => undefined);
}

/**
 * For a test tool that must stop servers at its end. After a loss of output the tool continues, reports the
 * loss on standard error, and exits with 1.
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

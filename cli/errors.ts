/**
 * The errors of commands and their exit codes.
 *
 * Exit codes of `orderstream`:
 * - 0: everything requested was done
 * - 1: something was not done. For example, a server is down, or a check found a difference
 * - 2: wrong usage, malformed input, or a pending plan
 */
import { CommanderError } from 'commander';

const EXIT_OK = 0;
export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;

/** A failure as one sentence. `detailLines` follow it, one per line. */
export class CliError extends Error {
  readonly exitCode: number;
  readonly detailLines: string[];

  constructor(message: string, options: { exitCode?: number; detailLines?: string[]; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'CliError';
    this.exitCode = options.exitCode ?? EXIT_FAILURE;
    this.detailLines = options.detailLines ?? [];
  }
}

/** A mistake in the arguments or in a file that the user gave: exit code 2. */
export function usageError(message: string, detailLines: string[] = []): CliError {
  return new CliError(message, { exitCode: EXIT_USAGE, detailLines });
}

/**
 * The text for stderr and the exit code, for any thrown value. The text has the stack trace only if `debug`
 * is set.
 */
export function describeFailure(error: unknown, debug: boolean): { text: string; exitCode: number } {
  if (error instanceof CommanderError) {
    // Commander has already printed its sentence. Help and version are no failures.
    return { text: '', exitCode: error.exitCode === 0 ? EXIT_OK : EXIT_USAGE };
  }
  const exitCode = error instanceof CliError ? error.exitCode : exitCodeOf(error);
  if (debug && error instanceof Error) return { text: `${stackOf(error)}\n`, exitCode };
  const details = error instanceof CliError ? error.detailLines.map((line) => `\n  ${line}`).join('') : '';
  return { text: `orderstream: ${sentenceOf(error)}${details}\n`, exitCode };
}

/** An invalid configuration is a usage mistake. Every other coded error is a failure. */
function exitCodeOf(error: unknown): number {
  return codeOf(error) === 'CONFIG_INVALID' ? EXIT_USAGE : EXIT_FAILURE;
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const network = networkSentence(error);
  if (network !== null) return network;
  return error.message === '' ? `failed with ${codeOf(error) ?? error.name}` : error.message;
}

/** The sentence of a network error. The error itself contains only a code such as `ECONNREFUSED` and an address. */
function networkSentence(error: Error): string | null {
  const root = rootCause(error);
  const code = codeOf(root);
  if (code !== 'ECONNREFUSED' && code !== 'ENOTFOUND' && code !== 'ECONNRESET' && code !== 'ETIMEDOUT')
    return null;
  const { address, port, hostname } = root as { address?: string; port?: number; hostname?: string };
  const where = address !== undefined ? `${address}:${port}` : (hostname ?? 'a server');
  return `cannot reach ${where} (${code}); is it running? \`orderstream stack status\` shows the local servers`;
}

function rootCause(error: Error): Error {
  let current = error;
  for (let depth = 0; depth < 10; depth += 1) {
    if (current instanceof AggregateError && current.errors[0] instanceof Error) current = current.errors[0];
    else if (current.cause instanceof Error) current = current.cause;
    else break;
  }
  return current;
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

/** Prints what became of a command that was sent. */
import { CliError, EXIT_FAILURE } from '../errors.ts';
import { print, printJson } from '../output.ts';
import type { ChangeOptions } from './options.ts';
import type { ChangeOutcome } from './outcome.ts';
import type { SentPosition } from './send-audited.ts';

export interface Report<Outcome extends Pick<ChangeOutcome, 'outcome'>> {
  readonly sent: SentPosition;
  readonly key: string;
  /** What the JSON says about the command besides its key and position. */
  readonly about: object;
  /** What shows the outcome later, as the subject of a sentence. */
  readonly laterWith: string;
  /** The outcome, or null if there is none after `waitMs`. */
  waitFor(waitMs: number): Promise<Outcome | null>;
  applied(outcome: Outcome): string;
  refused(outcome: Outcome): string;
}

/**
 * Waits for the outcome and prints it. The exit code is 1 if the command has no effect.
 *
 * @throws CliError if it has no outcome in time
 */
export async function reportOutcome<Outcome extends Pick<ChangeOutcome, 'outcome'>>(
  { sent, key, about, laterWith, ...report }: Report<Outcome>,
  { json = false, wait }: Pick<ChangeOptions, 'json' | 'wait'>,
): Promise<void> {
  const position = `${sent.partition}-${sent.offset}`;
  const common = { ...about, key, position };
  if (wait === false) {
    if (json) printJson(common);
    else print(`requested at ${position} with the key ${key}; ${laterWith} shows the outcome`);
    return;
  }
  const outcome = await report.waitFor(wait * 1_000);
  if (outcome === null)
    throw new CliError(
      `the command at ${position} has no outcome after ${wait} s. It is in the log: ${laterWith} shows it later`,
    );
  const isApplied = outcome.outcome === 'APPLIED';
  if (json) printJson({ ...common, ...outcome });
  else if (isApplied) print(report.applied(outcome));
  else throw new CliError(report.refused(outcome));
  if (!isApplied) process.exitCode = EXIT_FAILURE;
}

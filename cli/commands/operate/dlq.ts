import { Command, InvalidArgumentError, Option } from 'commander';
import { orderId, pointInTime, positiveNumber, wholeNumber } from '../../arguments.ts';
import { listDeadLetters, showDeadLetter } from '../../dlq/look.ts';
import { redriveDeadLetters } from '../../dlq/send-again.ts';
import { DEFAULT_INSTANCE } from '../../servers.ts';

const ATTEMPTS_MAX = 5;
const RATE_PER_SECOND = 20;
const LISTED_MAX = 50;
const REDRIVEN_MAX = 1_000;

/** `orderstream dlq`: lists, shows and redrives dead letters. */
export function dlqCommand(): Command {
  return new Command('dlq')
    .description('list, show and redrive dead letters')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(redriveCommand());
}

function listCommand(): Command {
  return withFilters(new Command('list'))
    .description('list dead letters with their audit log, oldest failure first, and counts by reason')
    .option('--all', 'include redriven dead letters')
    .option('--max <n>', 'list at most this many', positiveNumber, LISTED_MAX)
    .option('--json', 'print JSON')
    .action(listDeadLetters);
}

function showCommand(): Command {
  return new Command('show')
    .description('show one dead letter: row, headers, bytes, and the expected result of a redrive')
    .argument('<position>', 'partition and offset of the source record, for example 3-120')
    .option('--name <instance>', 'local instance to read', DEFAULT_INSTANCE)
    .action(showDeadLetter);
}

function redriveCommand(): Command {
  return withFilters(new Command('redrive'))
    .description('send dead letters to the command topic again, in order within each key')
    .argument('[positions...]', 'only these positions, for example 3-120')
    .option('--dry-run', 'send nothing; print the expected result')
    .option('--all', 'all open dead letters; required without a position or filter')
    .option('--rate <n>', 'maximum rate per second, for example 50 or 50/s', rate, RATE_PER_SECOND)
    .option('--max-attempts <n>', 'hold back records with this many attempts', positiveNumber, ATTEMPTS_MAX)
    .option('--force', 'also send records that this build would dead-letter again')
    .option('--max <n>', 'send at most this many in one run', positiveNumber, REDRIVEN_MAX)
    .addOption(
      new Option('--by <who>', 'name of the operator, for the audit log').env('USER').default('unknown'),
    )
    .option('--note <text>', 'the reason of the redrive for the audit log, one line', noteText)
    .option('--json', 'print the plan or the result as JSON')
    .action(redriveDeadLetters);
}

function withFilters(command: Command): Command {
  return command
    .option('--reason <code>', 'with this reason code, for example BAD_MAGIC; may be repeated', addReason)
    .option(
      '--since <time>',
      'first failed at or after this time: ISO 8601, or a time before now such as 2h',
      pointInTime,
    )
    .option('--until <time>', 'first failed at or before this time', pointInTime)
    .option('--partition <n>', 'of this partition only', wholeNumber)
    .option('--order <id>', 'of this order only', orderId)
    .option('--name <instance>', 'local instance to use', DEFAULT_INSTANCE);
}

const NOTE_CHARS_MAX = 500;

function noteText(text: string): string {
  const note = text.trim();
  if (note === '' || note.length > NOTE_CHARS_MAX || /\p{Cc}/u.test(note))
    throw new InvalidArgumentError(`expected one line of 1 to ${NOTE_CHARS_MAX} characters.`);
  return note;
}

function addReason(code: string, before: string[] = []): string[] {
  if (!/^[A-Z][A-Z0-9_]*$/.test(code)) {
    throw new InvalidArgumentError(
      'expected a reason code such as BAD_MAGIC, which chooses dead letters. A reason for the audit log is --note of "dlq redrive".',
    );
  }
  return [...before, code];
}

function rate(text: string): number {
  return positiveNumber(text.replace(/\/s$/, ''));
}

import { Command, Option } from 'commander';
import { orderId, pointInTime, positiveNumber, wholeNumber } from '../arguments.ts';
import { listLetters, showLetter } from '../dlq/look.ts';
import { redriveLetters } from '../dlq/send-again.ts';
import { DEFAULT_INSTANCE } from '../servers.ts';

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
    .description('list dead letters with their audit lines, oldest failure first, and count them by reason')
    .option('--all', 'also those that were redriven')
    .option('--max <n>', 'list no more than this many', positiveNumber, LISTED_MAX)
    .option('--json', 'print them as JSON')
    .action(listLetters);
}

function showCommand(): Command {
  return new Command('show')
    .description('show one dead letter: its row, headers and bytes, and what would become of it now')
    .argument('<position>', 'partition and offset of the source record, for example 3-120')
    .option('--name <instance>', 'local instance that is read', DEFAULT_INSTANCE)
    .action(showLetter);
}

function redriveCommand(): Command {
  return withFilters(new Command('redrive'))
    .description('send dead letters back to the command topic, those of one key in order')
    .argument('[positions...]', 'these only, for example 3-120')
    .option('--dry-run', 'send nothing; tell what would become of them')
    .option('--all', 'all that are open, where neither a position nor a filter is given')
    .option('--rate <n>', 'so many a second at most, for example 50 or 50/s', rate, RATE_PER_SECOND)
    .option('--max-attempts <n>', 'hold back what was tried this often', positiveNumber, ATTEMPTS_MAX)
    .option('--force', 'also send records that this build would dead-letter again')
    .option('--max <n>', 'take no more than this many in one run', positiveNumber, REDRIVEN_MAX)
    .addOption(new Option('--by <who>', 'who does it, for the audit lines').env('USER').default('unknown'))
    .option('--json', 'print the plan or the result as JSON')
    .action(redriveLetters);
}

function withFilters(command: Command): Command {
  return command
    .option('--reason <code>', 'with this reason code, for example BAD_MAGIC; may be repeated', addReason)
    .option(
      '--since <time>',
      'failed first at this time or later: ISO 8601, or a span before now such as 2h',
      pointInTime,
    )
    .option('--until <time>', 'failed first at this time or earlier', pointInTime)
    .option('--partition <n>', 'of this partition', wholeNumber)
    .option('--order <id>', 'with the key of this order', orderId)
    .option('--name <instance>', 'local instance that is meant', DEFAULT_INSTANCE);
}

function addReason(code: string, before: string[] = []): string[] {
  return [...before, code];
}

function rate(text: string): number {
  return positiveNumber(text.replace(/\/s$/, ''));
}

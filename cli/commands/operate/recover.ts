import { Command } from 'commander';
import { positiveNumber, wholeNumber } from '../../arguments.ts';
import { adoptTopic } from '../../recover/adopt.ts';
import { continuePipeline } from '../../recover/continue.ts';
import { type FromLogOptions, recoverFromLog } from '../../recover/from-log/from-log.ts';
import { setPosition } from '../../recover/position.ts';
import { republish } from '../../recover/republish.ts';
import { skipRecord } from '../../recover/skip.ts';
import { showStatus } from '../../recover/status.ts';
import { DEFAULT_INSTANCE } from '../../servers.ts';

type RecoverOptions = FromLogOptions & { readonly fromLog?: boolean };

/** `orderstream recover`: shows why a lane stopped, and runs the repairs that need a decision of an operator. */
export function recoverCommand(): Command {
  return (
    new Command('recover')
      .description('inspect and restart lanes that stopped because logs and tables do not match')
      // `--name` after a subcommand belongs to the subcommand.
      .enablePositionalOptions()
      .option(
        '--from-log',
        'rebuild what a restored database lacks, from the commands and their published outcomes',
      )
      .option('--execute', 'apply the outcomes; without it, only show them')
      .option('--name <instance>', 'local instance to use', DEFAULT_INSTANCE)
      .action(fromLog)
      .addCommand(statusCommand())
      .addCommand(continueCommand())
      .addCommand(positionCommand())
      .addCommand(republishCommand())
      .addCommand(adoptCommand())
      .addCommand(skipCommand())
  );
}

function fromLog({ fromLog: isAsked, ...options }: RecoverOptions, command: Command): Promise<void> | void {
  if (isAsked === true) return recoverFromLog(options);
  command.help({ error: true });
}

function statusCommand(): Command {
  return new Command('status')
    .description('compare every lane with both logs; exit code 1 on a mismatch')
    .option('--json', 'print JSON')
    .option('--name <instance>', 'local instance to read', DEFAULT_INSTANCE)
    .action(showStatus);
}

function continueCommand(): Command {
  return new Command('continue')
    .description('end a halt caused by lost commits, after the newer data is restored')
    .option('--dry-run', 'only check whether the halt can end')
    .option('--name <instance>', 'local instance to use', DEFAULT_INSTANCE)
    .action(continuePipeline);
}

function positionCommand(): Command {
  return new Command('position')
    .description('set the position of a lane, after checks against both logs and the tables')
    .argument('<partition>', 'the lane', wholeNumber)
    .option('--to <offset>', 'offset of the next command to process', wholeNumber)
    .option('--to-start', 'the first command that is still in the log')
    .option('--dry-run', 'only show what would change')
    .option('--name <instance>', 'local instance to use', DEFAULT_INSTANCE)
    .action(setPosition);
}

function republishCommand(): Command {
  return new Command('republish')
    .description('publish again, with identical bytes, the outcomes that the outcome topic lost')
    .option('--partition <n>', 'this lane only', wholeNumber)
    .option('--accept-loss', 'continue even if older outcomes are no longer stored and stay lost')
    .option('--dry-run', 'only show what would be published')
    .option('--name <instance>', 'local instance to use', DEFAULT_INSTANCE)
    .action(republish);
}

function adoptCommand(): Command {
  return new Command('adopt')
    .description(
      'adapt the lanes to a command topic that was recreated or truncated; undecided commands are sent again',
    )
    .option('--partition <n>', 'this lane only', wholeNumber)
    .option('--dry-run', 'only show what would change')
    .option('--name <instance>', 'local instance to use', DEFAULT_INSTANCE)
    .action(adoptTopic);
}

const SKIP_WAIT_S = 60;

function skipCommand(): Command {
  return new Command('skip')
    .description('dead-letter the record that blocks a lane, so that the lane continues')
    .requiredOption('--partition <n>', 'partition of the command topic', wholeNumber)
    .requiredOption('--offset <n>', 'offset of the record that blocks the lane', wholeNumber)
    .requiredOption('--reason <text>', 'the reason; it is part of the public outcome of the command')
    .option('--dry-run', 'change nothing; show the record and what would happen')
    .option(
      '--wait <seconds>',
      'wait this long for the owner of the lane to apply it',
      positiveNumber,
      SKIP_WAIT_S,
    )
    .option('--name <instance>', 'local instance to use', DEFAULT_INSTANCE)
    .action(skipRecord);
}

import { Command } from 'commander';
import { positiveNumber, wholeNumber } from '../arguments.ts';
import { adoptTopic } from '../recover/adopt.ts';
import { continuePipeline } from '../recover/continue.ts';
import { setPosition } from '../recover/position.ts';
import { republish } from '../recover/republish.ts';
import { skipRecord } from '../recover/skip.ts';
import { showStatus } from '../recover/status.ts';
import { DEFAULT_INSTANCE } from '../servers.ts';

/** `orderstream recover`: what stopped a lane, and the ways to go on that need an operator's decision. */
export function recoverCommand(): Command {
  return new Command('recover')
    .description('lanes that stopped because logs and tables do not fit: see why, and go on')
    .addCommand(statusCommand())
    .addCommand(continueCommand())
    .addCommand(positionCommand())
    .addCommand(republishCommand())
    .addCommand(adoptCommand())
    .addCommand(skipCommand());
}

function statusCommand(): Command {
  return new Command('status')
    .description('hold every lane against both logs; exit code 1 where one does not fit')
    .option('--json', 'print it as JSON')
    .option('--name <instance>', 'local instance that is read', DEFAULT_INSTANCE)
    .action(showStatus);
}

function continueCommand(): Command {
  return new Command('continue')
    .description('end the halt that lost commits have caused, once the newer data is back')
    .option('--dry-run', 'only check whether it can end')
    .option('--name <instance>', 'local instance that is meant', DEFAULT_INSTANCE)
    .action(continuePipeline);
}

function positionCommand(): Command {
  return new Command('position')
    .description("set a lane's position, checked against both logs and the tables")
    .argument('<partition>', 'the lane', wholeNumber)
    .option('--to <offset>', 'the next command to decide', wholeNumber)
    .option('--to-start', 'the first command that the log still holds')
    .option('--dry-run', 'only show what would change')
    .option('--name <instance>', 'local instance that is meant', DEFAULT_INSTANCE)
    .action(setPosition);
}

function republishCommand(): Command {
  return new Command('republish')
    .description('publish outcomes that the result topic has lost again, byte by byte as they were')
    .option('--partition <n>', 'of this lane only', wholeNumber)
    .option('--accept-loss', 'also where older ones are no longer kept and stay lost')
    .option('--dry-run', 'only show what would be published')
    .option('--name <instance>', 'local instance that is meant', DEFAULT_INSTANCE)
    .action(republish);
}

function adoptCommand(): Command {
  return new Command('adopt')
    .description(
      'fit a command topic that was made anew, or cut, to the lanes; undecided commands are sent again',
    )
    .option('--partition <n>', 'this lane only', wholeNumber)
    .option('--dry-run', 'only show what would change')
    .option('--name <instance>', 'local instance that is meant', DEFAULT_INSTANCE)
    .action(adoptTopic);
}

const SKIP_WAIT_S = 60;

function skipCommand(): Command {
  return new Command('skip')
    .description('have the record at which a lane waits become a dead letter, so that the lane goes on')
    .requiredOption('--partition <n>', 'partition of the command topic', wholeNumber)
    .requiredOption('--offset <n>', 'offset of the record at which the lane waits', wholeNumber)
    .requiredOption('--reason <text>', 'why; it travels in the public outcome of the command')
    .option('--dry-run', 'change nothing; show the record and what would happen')
    .option(
      '--wait <seconds>',
      "wait this long for the lane's owner to carry it out",
      positiveNumber,
      SKIP_WAIT_S,
    )
    .option('--name <instance>', 'local instance that is meant', DEFAULT_INSTANCE)
    .action(skipRecord);
}

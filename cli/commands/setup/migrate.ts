import { Command, Option } from 'commander';
import { migrate } from '../../../services/orders-db/index.ts';
import { createLogger } from '../../../services/shared/log/index.ts';
import { wholeNumber } from '../../arguments.ts';
import { print } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

/** `orderstream migrate`: migrates the tables to the newest or a given version. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('create or change the tables: run the numbered migrations in order, under a lock')
    .option('--name <instance>', 'local instance whose database to use', DEFAULT_INSTANCE)
    .option('--to <version>', 'stop at this version', wholeNumber)
    .addOption(
      new Option('--down', 'migrate down to --to, which is required; 0 drops every table').default(false),
    )
    .action(async (options: { name: string; to?: number; down: boolean }, command: Command) => {
      if (options.down && options.to === undefined) {
        command.error('error: --down deletes tables with their data; name the version to keep with --to');
      }
      await migrateTables(options.name, options.down ? 'down' : 'up', options.to);
    });
}

/** Runs the migrations to a version; without one up to the newest. Prints each. */
export async function migrateTables(name: string, direction: 'up' | 'down', to?: number): Promise<void> {
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  const log = createLogger({ service: 'cli', level: 'silent', instanceId: 'cli' });
  const steps = await migrate({ url: mysqlUrl, log, direction, to });
  for (const step of steps) print(`${step.direction} ${String(step.version).padStart(4, '0')} ${step.name}`);
  if (steps.length === 0) print('nothing to do: the tables are at that version');
}

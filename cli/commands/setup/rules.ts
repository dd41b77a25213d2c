import { Command } from 'commander';
import { databaseNowMs, withDatabase } from '../../database.ts';
import { print, printJson, table } from '../../output.ts';
import { flagHelp, parseFlags, readFlags, setFlags } from '../../rates/flags.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

const instanceHelp = 'local instance whose database to use';

/** `orderstream rules set|show`: the switches of the price rules. */
export function rulesCommand(): Command {
  const command = new Command('rules').description(
    'switch coupons, quantity breaks, automatic refunds, the payment window and the limit of unpaid units',
  );
  command
    .command('set')
    .description(`set switches: ${flagHelp.join('; ')}`)
    .argument('<name=value...>', 'switches with their new values')
    .option('--name <instance>', instanceHelp, DEFAULT_INSTANCE)
    .action(async (args: string[], { name }: { name: string }) => {
      const flags = parseFlags(args);
      const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
      const { changed, version } = await withDatabase(mysqlUrl, async (db) =>
        setFlags(db, flags, { nowMs: await databaseNowMs(db) }),
      );
      print(
        `${changed.length === 0 ? 'nothing changed' : `set ${changed.join(', ')}`}; rates version ${version}`,
      );
    });
  command
    .command('show')
    .description('print all switches')
    .option('--json', 'print JSON')
    .option('--name <instance>', instanceHelp, DEFAULT_INSTANCE)
    .action(async ({ name, json }: { name: string; json?: boolean }) => {
      const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
      const flags = await withDatabase(mysqlUrl, readFlags);
      if (json) printJson(Object.fromEntries(flags));
      else print(table([...flags]));
    });
  return command;
}

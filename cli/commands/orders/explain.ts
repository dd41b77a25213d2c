import { Command } from 'commander';
import { orderId } from '../../arguments.ts';
import { withDatabase } from '../../database.ts';
import { explainOrder } from '../../explain/explain.ts';
import { formatLife } from '../../explain/format.ts';
import { openDecoder } from '../../kafka/decoder.ts';
import { openLogReader } from '../../kafka/log-reader.ts';
import { print, printJson } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

/** `orderstream explain ORDER`: shows the full life of one order. The exit code is 1 if the order is unknown. */
export function explainCommand(): Command {
  return new Command('explain')
    .description(
      'show the full life of one order: commands, outcomes, parcels, returns, money, history, findings, and what it waits for',
    )
    .argument('<order>', 'order id', orderId)
    .option('--json', 'print JSON')
    .option('--name <instance>', 'local instance to read', DEFAULT_INSTANCE)
    .action(async (id: string, options: { name: string; json?: boolean }) => {
      const servers = await findServers(options.name, process.env, ['kafka', 'registry', 'mysql']);
      const decoder = await openDecoder(servers.schemaRegistryUrl);
      const reader = await openLogReader(servers);
      try {
        const life = await withDatabase(servers.mysqlUrl, (db) => explainOrder(id, { db, reader, decoder }));
        if (options.json) printJson(life);
        else print(formatLife(life));
        if (life.order === null && life.commands.length === 0 && life.deadLetters.length === 0)
          process.exitCode = 1;
      } finally {
        await reader.close();
      }
    });
}

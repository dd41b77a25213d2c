import { Command } from 'commander';
import { planArchive, runArchive } from '../../archive/archive.ts';
import { positiveNumber, seconds } from '../../arguments.ts';
import { withDatabase } from '../../database.ts';
import { count, createProgress, print } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

const olderThanSeconds = 90 * 86_400;
const ordersPerSecond = 1_000;

interface ArchiveOptions {
  readonly name: string;
  readonly olderThan: number;
  readonly to?: string;
  readonly rate: number;
  readonly execute?: boolean;
}

/** `orderstream archive`: removes the history and the stored commands of old orders. Without `--execute` it only counts them. */
export function archiveCommand(): Command {
  return new Command('archive')
    .description('remove the history and the stored commands of orders that ended long ago')
    .option(
      '--older-than <time>',
      'orders that did not change for this long, such as 90d',
      seconds,
      olderThanSeconds,
    )
    .option('--to <folder>', 'write the removed rows to a file in this folder first')
    .option('--rate <orders>', 'orders per second at most', positiveNumber, ordersPerSecond)
    .option('--execute', 'remove the rows; without it, only count the orders')
    .option('--name <instance>', 'local instance to use', DEFAULT_INSTANCE)
    .action(archive);
}

async function archive({ name, olderThan, to, rate, execute }: ArchiveOptions): Promise<void> {
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  await withDatabase(mysqlUrl, async (db) => {
    const { beforeMs, orders } = await planArchive(db, olderThan * 1_000);
    const all = [...orders.values()].reduce((sum, n) => sum + n, 0);
    const kinds = [...orders].map(([status, n]) => `${status} ${count(n)}`).join(', ');
    print(
      `${count(all)} orders have not changed since ${new Date(beforeMs).toISOString()}${kinds === '' ? '' : `: ${kinds}`}`,
    );
    if (execute !== true)
      return print('dry run: nothing was changed; --execute removes their history and commands');
    const progress = createProgress(process.stderr);
    const onProgress = (done: number) => progress.show(`${count(done)} of ${count(all)} orders`);
    const archived = await runArchive(db, {
      beforeMs,
      rate,
      onProgress,
      ...(to === undefined ? {} : { to }),
    });
    progress.end();
    const where = archived.file === null ? '' : `, and written to ${archived.file}`;
    print(`${count(archived.orders)} orders archived: ${count(archived.rows)} rows removed${where}`);
  });
}

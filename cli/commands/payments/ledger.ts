import { Command } from 'commander';
import { databaseNowMs, withDatabase } from '../../database.ts';
import { usageError } from '../../errors.ts';
import { ledgerHelp, ledgerText } from '../../ledger/format.ts';
import { type LedgerRange, utcTime } from '../../ledger/range.ts';
import { readLedger } from '../../ledger/read-ledger.ts';
import { print, printJson } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

interface LedgerOptions {
  readonly name: string;
  readonly from?: number;
  readonly to?: number;
  readonly json?: boolean;
}

/** `orderstream ledger`: what was placed, paid, refunded and kept, by currency. */
export function ledgerCommand(): Command {
  return new Command('ledger')
    .description(
      'print sums of money by currency for a range of time, from one consistent view of the tables',
    )
    .option(
      '--from <time>',
      'start of the range: ISO 8601 in UTC, or a time before now such as 24h; by default the first order',
      utcTime,
    )
    .option('--to <time>', 'the range ends before this time; now by default', utcTime)
    .option('--json', 'print JSON')
    .option('--name <instance>', 'local instance to read', DEFAULT_INSTANCE)
    .addHelpText('after', ledgerHelp)
    .action(ledger);
}

async function ledger({ name, from = 0, to, json }: LedgerOptions): Promise<void> {
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  await withDatabase(mysqlUrl, async (db) => {
    const range = { fromMs: from, toMs: to ?? (await databaseNowMs(db)) };
    if (range.fromMs > range.toMs) throw usageError('--from is after --to');
    const sums = await readLedger(db, range);
    if (json === true) printJson({ ...timesOf(range), currencies: Object.fromEntries(sums) });
    else print(ledgerText(range, sums));
  });
}

function timesOf({ fromMs, toMs }: LedgerRange): { from: string; to: string } {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}

/** The commands `orderstream dlq list` and `show`. */
import { withDatabase } from '../database.ts';
import { CliError } from '../errors.ts';
import { showRecord } from '../kafka/show-record.ts';
import { print, printJson } from '../output.ts';
import { findServers } from '../servers.ts';
import { readBytes } from './bytes.ts';
import { countDeadLetters, readDeadLetters } from './dead-letters.ts';
import { formatDeadLetters, formatNoneFits } from './format.ts';
import { judge } from './judge.ts';
import { type FilterOptions, filterOf, withServers } from './opened.ts';

type ListOptions = FilterOptions & { all?: boolean; max: number; json?: boolean };

export async function listDeadLetters(options: ListOptions): Promise<void> {
  const servers = await findServers(options.name, process.env, ['mysql']);
  const filter = filterOf(options, { openOnly: options.all !== true });
  await withDatabase(servers.mysqlUrl, async (db) => {
    const deadLetters = await readDeadLetters(db, filter, options.max);
    const counts = await countDeadLetters(db, filter);
    if (options.json) printJson({ letters: deadLetters, counts });
    else if (counts.length > 0) print(formatDeadLetters(deadLetters, counts));
    else print(formatNoneFits(await countDeadLetters(db, { openOnly: false })));
  });
}

export async function showDeadLetter(position: string, { name }: { name: string }): Promise<void> {
  await withServers(name, async ({ db, reader, decoder }) => {
    const filter = filterOf({ name }, { positions: [position], openOnly: false });
    const [deadLetter] = await readDeadLetters(db, filter, 1);
    if (deadLetter === undefined) throw new CliError(`there is no dead letter ${position}`);
    const record = (await readBytes(reader, [deadLetter])).get(deadLetter.position);
    const { verdict, code, why, partition } = await judge(deadLetter, record, decoder);
    const shown = record === undefined ? null : await showRecord(record, decoder);
    const ifRedriven = { verdict, ...(verdict === 'pass' ? {} : { code, why }), partition };
    printJson({ ...deadLetter, record: shown, ifRedriven });
  });
}

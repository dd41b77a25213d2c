/** `orderstream dlq list` and `show`. */
import { withDatabase } from '../database.ts';
import { CliError } from '../errors.ts';
import { showRecord } from '../kafka/show-record.ts';
import { print, printJson } from '../output.ts';
import { findServers } from '../servers.ts';
import { readBytes } from './bytes.ts';
import { formatLetters, formatNoneFits } from './format.ts';
import { judge } from './judge.ts';
import { countLetters, readLetters } from './letters.ts';
import { type FilterOptions, filterOf, withServers } from './opened.ts';

type ListOptions = FilterOptions & { all?: boolean; max: number; json?: boolean };

export async function listLetters(options: ListOptions): Promise<void> {
  const servers = await findServers(options.name, process.env, ['mysql']);
  const filter = filterOf(options, { openOnly: options.all !== true });
  await withDatabase(servers.mysqlUrl, async (db) => {
    const letters = await readLetters(db, filter, options.max);
    const counts = await countLetters(db, filter);
    if (options.json) printJson({ letters, counts });
    else if (counts.length > 0) print(formatLetters(letters, counts));
    else print(formatNoneFits(await countLetters(db, { openOnly: false })));
  });
}

export async function showLetter(position: string, { name }: { name: string }): Promise<void> {
  await withServers(name, async ({ db, reader, decoder }) => {
    const filter = filterOf({ name }, { positions: [position], openOnly: false });
    const [letter] = await readLetters(db, filter, 1);
    if (letter === undefined) throw new CliError(`there is no dead letter ${position}`);
    const record = (await readBytes(reader, [letter])).get(letter.position);
    const { verdict, code, why, partition } = await judge(letter, record, decoder);
    const shown = record === undefined ? null : await showRecord(record, decoder);
    const ifRedriven = { verdict, ...(verdict === 'pass' ? {} : { code, why }), partition };
    printJson({ ...letter, record: shown, ifRedriven });
  });
}

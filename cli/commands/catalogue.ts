import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { importCatalogue } from '../catalogue/import.ts';
import { readCatalogueCsv } from '../catalogue/read-csv.ts';
import { withDatabase } from '../database.ts';
import { usageError } from '../errors.ts';
import { count, print } from '../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../servers.ts';

/** `orderstream catalogue import FILE.csv`: products and their first stock. */
export function catalogueCommand(): Command {
  const command = new Command('catalogue').description('the products that can be ordered');
  command
    .command('import')
    .description(
      'bring products in: CSV with sku,name,unit_price_minor,currency,stock. Stock of a known SKU stays',
    )
    .argument('<file>', 'CSV file in UTF-8')
    .option('--name <instance>', 'local instance whose database is meant', DEFAULT_INSTANCE)
    .action(async (file: string, options: { name: string }) => {
      const rows = readCatalogueCsv(await readText(file));
      const { mysqlUrl } = await findServers(options.name, process.env, ['mysql']);
      const result = await withDatabase(mysqlUrl, (db) => importCatalogue(db, rows, Date.now()));
      print(
        `${count(rows.length)} products: ${count(result.added)} new, ${count(result.changed)} changed, ${count(result.unchanged)} as before; catalogue version ${result.version}`,
      );
    });
  return command;
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    if (error instanceof TypeError) throw usageError(`${file} is not UTF-8 text`);
    throw usageError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

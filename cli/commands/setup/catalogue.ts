import { buffer } from 'node:stream/consumers';
import { Command } from 'commander';
import { importCatalogue } from '../../catalogue/import.ts';
import { readCatalogueCsv } from '../../catalogue/read-csv.ts';
import { withDatabase } from '../../database.ts';
import { usageError } from '../../errors.ts';
import { decodeUtf8, firstLineNotUtf8, mustBeReadable, openInput } from '../../input.ts';
import { count, print } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';

/** `orderstream catalogue import FILE.csv`: imports products and their first stock. */
export function catalogueCommand(): Command {
  const command = new Command('catalogue').description('manage the products that customers can order');
  command
    .command('import')
    .description(
      'import products from CSV: sku,name,unit_price_minor,currency,stock. The stock of a known SKU does not change',
    )
    .argument('<file>', 'UTF-8 CSV file, or - for standard input')
    .option('--name <instance>', 'local instance whose database to use', DEFAULT_INSTANCE)
    .action(async (file: string, options: { name: string }) => {
      const rows = readCatalogueCsv(await readText(file));
      const { mysqlUrl } = await findServers(options.name, process.env, ['mysql']);
      const result = await withDatabase(mysqlUrl, (db) => importCatalogue(db, rows, Date.now()));
      print(
        `${count(rows.length)} products: ${count(result.added)} new, ${count(result.changed)} changed, ${count(result.unchanged)} unchanged; catalogue version ${result.version}`,
      );
    });
  return command;
}

async function readText(file: string): Promise<string> {
  await mustBeReadable(file);
  const bytes = await buffer(openInput(file)).catch((error: Error) => {
    throw usageError(`cannot read ${file}: ${error.message}`);
  });
  const text = decodeUtf8(bytes);
  if (text === null) {
    throw usageError(`nothing was imported: line ${firstLineNotUtf8(bytes)} of ${file} is not UTF-8 text`);
  }
  return text;
}

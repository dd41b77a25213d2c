import { Command } from 'commander';
import { breaksText, importCatalogue, readProducts } from '../../catalogue/import.ts';
import { readCatalogue } from '../../catalogue/read-catalogue.ts';
import { databaseNowMs, withDatabase } from '../../database.ts';
import { count, print, printJson, table } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';
import { readTextFile } from '../../tables/read-file.ts';

const instanceHelp = 'local instance whose database to use';

/** `orderstream catalogue import|show`: products, their prices and their first stock. */
export function catalogueCommand(): Command {
  const command = new Command('catalogue').description('manage the products that customers can order');
  command
    .command('import')
    .description(
      'import products from CSV or JSON: sku,name,unit_price_minor,currency,stock, and optionally ' +
        'weight_grams,tax_category,breaks. The stock of a known SKU does not change',
    )
    .argument('<file>', 'UTF-8 file, CSV or a JSON array of objects, or - for standard input')
    .option('--dry-run', 'check the file and print what would change, without a change')
    .option('--name <instance>', instanceHelp, DEFAULT_INSTANCE)
    .action(importFile);
  command
    .command('show')
    .description('print products with prices, quantity breaks, weight and tax category')
    .argument('[sku...]', 'only these SKUs')
    .option('--json', 'print JSON')
    .option('--name <instance>', instanceHelp, DEFAULT_INSTANCE)
    .action(show);
  return command;
}

/** Imports the products of a file, - for standard input. Prints how many changed. */
export async function importFile(
  file: string,
  { name, dryRun = false }: { name: string; dryRun?: boolean },
): Promise<void> {
  const rows = readCatalogue(await readTextFile(file));
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  const result = await withDatabase(mysqlUrl, async (db) =>
    importCatalogue(db, rows, { nowMs: await databaseNowMs(db), dryRun }),
  );
  print(
    `${dryRun ? 'dry run: ' : ''}${count(rows.length)} products: ${count(result.added)} new, ${count(result.changed)} changed, ${count(result.unchanged)} unchanged; catalogue version ${result.version}`,
  );
}

async function show(skus: string[], { name, json }: { name: string; json?: boolean }): Promise<void> {
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  const products = await withDatabase(mysqlUrl, (db) => readProducts(db, skus));
  if (json) return printJson(products);
  print(
    table([
      ['sku', 'name', 'unit price', 'currency', 'grams', 'tax category', 'breaks'],
      ...products.map((product) => [
        product.sku,
        product.name,
        product.unitPriceMinor,
        product.currency,
        product.weightGrams,
        product.taxCategory,
        breaksText(product),
      ]),
    ]),
  );
}

import { Command } from 'commander';
import { databaseNowMs, withDatabase } from '../../database.ts';
import { usageError } from '../../errors.ts';
import { count, print, printJson, table } from '../../output.ts';
import { importRates } from '../../rates/import.ts';
import { readShippingRates, readTaxRates } from '../../rates/read-rates.ts';
import { readStoredShippingRates, readStoredTaxRates } from '../../rates/rows.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';
import { readTextFile } from '../../tables/read-file.ts';

const instanceHelp = 'local instance whose database to use';

interface ImportArgs {
  name: string;
  tax?: string;
  shipping?: string;
  clearTax?: boolean;
  clearShipping?: boolean;
  dryRun?: boolean;
}

/** `orderstream rates import|show`: the rates of tax and shipping. */
export function ratesCommand(): Command {
  const command = new Command('rates').description('manage the rates of tax and shipping');
  command
    .command('import')
    .description('replace all rates of a kind by those of a file, CSV or JSON')
    .option('--tax <file>', 'country,region,category,rate_ppm,inclusive; * is a wildcard')
    .option('--shipping <file>', 'country,currency,weight_up_to_grams,amount_minor,free_from_minor')
    .option('--clear-tax', 'remove all tax rates: orders then have no tax')
    .option('--clear-shipping', 'remove all shipping rates: shipping is then free')
    .option('--dry-run', 'check the files and print what would change, without a change')
    .option('--name <instance>', instanceHelp, DEFAULT_INSTANCE)
    .action(importFiles);
  command
    .command('show')
    .description('print the rates of tax and shipping')
    .option('--json', 'print JSON')
    .option('--name <instance>', instanceHelp, DEFAULT_INSTANCE)
    .action(show);
  return command;
}

async function importFiles(args: ImportArgs): Promise<void> {
  const tax = await ratesOf('tax', args.tax, args.clearTax, readTaxRates);
  const shipping = await ratesOf('shipping', args.shipping, args.clearShipping, readShippingRates);
  if (tax === null && shipping === null) {
    throw usageError('name a file: --tax FILE, --shipping FILE or both');
  }
  const { dryRun = false } = args;
  const { mysqlUrl } = await findServers(args.name, process.env, ['mysql']);
  const result = await withDatabase(mysqlUrl, async (db) =>
    importRates(db, { tax, shipping }, { nowMs: await databaseNowMs(db), dryRun }),
  );
  const changes = [
    tax === null ? [] : [`tax ${changeText(result.tax)}`],
    shipping === null ? [] : [`shipping ${changeText(result.shipping)}`],
  ].flat();
  print(`${dryRun ? 'dry run: ' : ''}${changes.join(', ')}; rates version ${result.version}`);
}

async function ratesOf<Rate>(
  kind: string,
  file: string | undefined,
  clear: boolean | undefined,
  read: (text: string) => Rate[],
): Promise<Rate[] | null> {
  if (file !== undefined && clear) throw usageError(`--${kind} and --clear-${kind} exclude each other`);
  if (file !== undefined) return read(await readTextFile(file));
  return clear ? [] : null;
}

function changeText(rates: number | null): string {
  return rates === null ? 'unchanged' : `${count(rates)} rates`;
}

async function show({ name, json }: { name: string; json?: boolean }): Promise<void> {
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  const { tax, shipping } = await withDatabase(mysqlUrl, async (db) => ({
    tax: await readStoredTaxRates(db),
    shipping: await readStoredShippingRates(db),
  }));
  if (json) return printJson({ tax, shipping });
  print(
    table([
      ['country', 'region', 'tax category', 'rate', 'in prices'],
      ...tax.map(({ country, region, category, ratePpm, inclusive }) => [
        country ?? '*',
        region ?? '*',
        category ?? '*',
        `${ratePpm / 10_000} %`,
        inclusive ? 'yes' : 'no',
      ]),
    ]),
  );
  print('');
  print(
    table([
      ['country', 'currency', 'up to grams', 'shipping', 'free from'],
      ...shipping.map(({ country, currency, weightMaxGrams, amount, freeFrom }) => [
        country ?? '*',
        currency,
        weightMaxGrams ?? 'any',
        amount,
        freeFrom ?? '-',
      ]),
    ]),
  );
}

import { Command } from 'commander';
import { importCoupons } from '../../coupons/import.ts';
import { readCoupons } from '../../coupons/read-coupons.ts';
import { readStoredCoupons, type StoredCoupon } from '../../coupons/rows.ts';
import { databaseNowMs, withDatabase } from '../../database.ts';
import { count, print, printJson, table } from '../../output.ts';
import { DEFAULT_INSTANCE, findServers } from '../../servers.ts';
import { readTextFile } from '../../tables/read-file.ts';

const instanceHelp = 'local instance whose database to use';

/** `orderstream coupons import|show`. */
export function couponsCommand(): Command {
  const command = new Command('coupons').description('manage the coupons that orders can use');
  command
    .command('import')
    .description(
      'import coupons from CSV or JSON: code,kind, and optionally percent_bp,amount_minor,currency,minimum_minor,' +
        'valid_from,valid_through,time_zone,skus,total_limit,customer_limit. Other coupons do not change',
    )
    .argument('<file>', 'UTF-8 file, CSV or a JSON array of objects, or - for standard input')
    .option('--dry-run', 'check the file and print what would change, without a change')
    .option('--name <instance>', instanceHelp, DEFAULT_INSTANCE)
    .action(async (file: string, { name, dryRun = false }: { name: string; dryRun?: boolean }) => {
      const rows = readCoupons(await readTextFile(file));
      const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
      const result = await withDatabase(mysqlUrl, async (db) =>
        importCoupons(db, rows, { nowMs: await databaseNowMs(db), dryRun }),
      );
      print(
        `${dryRun ? 'dry run: ' : ''}${count(rows.length)} coupons: ${count(result.added)} new, ${count(result.changed)} changed, ${count(result.unchanged)} unchanged; coupon version ${result.version}`,
      );
    });
  command
    .command('show')
    .description('print coupons with their limits and what is left of them, times in UTC')
    .argument('[code...]', 'only these codes; the first 1,000 by default')
    .option('--json', 'print JSON')
    .option('--name <instance>', instanceHelp, DEFAULT_INSTANCE)
    .action(show);
  return command;
}

async function show(codes: string[], { name, json }: { name: string; json?: boolean }): Promise<void> {
  const { mysqlUrl } = await findServers(name, process.env, ['mysql']);
  const coupons = await withDatabase(mysqlUrl, (db) => readStoredCoupons(db, codes));
  if (json) return printJson(coupons);
  print(
    table([
      ['code', 'discount', 'minimum', 'from', 'until', 'products', 'limit', 'left', 'per customer'],
      ...coupons.map(lineOf),
    ]),
  );
}

function lineOf(coupon: StoredCoupon): (string | number)[] {
  const { code, currency, minimum, validFromMs, validUntilMs, scope } = coupon;
  return [
    code,
    discountText(coupon),
    minimum === 0 ? '-' : `${count(minimum)} ${currency}`,
    timeText(validFromMs),
    timeText(validUntilMs),
    scope === null ? 'all' : scope.join(' '),
    coupon.totalLimit ?? '-',
    coupon.totalLimit === null ? '-' : (coupon.available ?? '-'),
    coupon.customerLimit ?? '-',
  ];
}

function discountText({ kind, value, currency }: StoredCoupon): string {
  switch (kind) {
    case 'PERCENT':
      return `${value / 100} %`;
    case 'AMOUNT':
      return `${count(value)} ${currency}`;
    case 'FREE_SHIPPING':
      return 'free shipping';
  }
}

function timeText(atMs: number | null): string {
  return atMs === null ? '-' : new Date(atMs).toISOString().replace('.000Z', 'Z');
}

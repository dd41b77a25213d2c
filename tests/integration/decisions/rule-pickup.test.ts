/** Rules that change while workers run are used within 2 s, without a restart. All times are those of the database. */
import { expect, test } from 'vitest';
import { importCoupons } from '../../../cli/coupons/import.ts';
import { readCoupons } from '../../../cli/coupons/read-coupons.ts';
import { databaseNowMs, withDatabase } from '../../../cli/database.ts';
import { setFlags } from '../../../cli/rates/flags.ts';
import { importRates } from '../../../cli/rates/import.ts';
import { readShippingRates, readTaxRates } from '../../../cli/rates/read-rates.ts';
import { newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { useArena } from '../../support/arena/use-arena.ts';

const sku = 'SKU-0';
const partitions = 12;
const pickupMaxMs = 2_000;
const used = useArena('rule-pickup');

type Database = Parameters<Parameters<typeof withDatabase>[1]>[0];

const options = { nowMs: 1 };
/** Each raises the version of the rules by one. */
const changes: ((db: Database) => Promise<unknown>)[] = [
  (db) => importCoupons(db, readCoupons('code,kind,percent_bp\nTEN,percent,1000\n'), options),
  (db) =>
    importRates(
      db,
      { tax: readTaxRates('country,region,category,rate_ppm,inclusive\n*,*,*,190000,yes\n'), shipping: null },
      options,
    ),
  (db) =>
    importRates(
      db,
      { tax: null, shipping: readShippingRates('country,currency,amount_minor\n*,EUR,490\n') },
      options,
    ),
  (db) => setFlags(db, new Map([['unpaidUnits', '1000000']]), options),
  (db) => setFlags(db, new Map([['quantityBreaks', 'off']]), options),
];

/** Places an order in each partition, and waits for all decisions. */
async function round(): Promise<void> {
  const orders = Array.from({ length: partitions }, (_, partition) =>
    used().producer.send(placeCommand(newOrderOf(partition), [sku])),
  );
  await Promise.all(orders);
  await used().arena.quiesce();
}

test('each change is used by all lanes of two workers within 2 s', async () => {
  const workers = await Promise.all([used().arena.startWorker(), used().arena.startWorker()]);
  await round();
  const changedAtMs: number[] = [];
  for (const change of changes) {
    await withDatabase(used().arena.options.mysqlUrl, async (db) => {
      await change(db);
      changedAtMs.push(await databaseNowMs(db));
    });
    await round();
  }
  const events = [...(await readOutcomes(used().arena)).values()];
  const versions = events.map(({ order }) => order!.rulesVersion);
  expect([...new Set(versions)].toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(versions.filter((version) => version === 5)).toHaveLength(partitions);
  // How long after a change an order was still decided by the rules before it.
  const delays = events.flatMap(({ order, occurredAt }) =>
    changedAtMs.slice(order!.rulesVersion).map((atMs) => occurredAt - atMs),
  );
  expect(delays.length).toBe(partitions * (5 + 4 + 3 + 2 + 1));
  expect(Math.max(...delays)).toBeLessThan(pickupMaxMs);
  for (const worker of workers) await worker.stop();
}, 60_000);

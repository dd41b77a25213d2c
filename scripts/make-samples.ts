/**
 * Writes samples/catalogue.csv, samples/orders.ndjson and samples/expected.json. Each run writes the same
 * bytes. `--orders N --to DIR` makes a larger set elsewhere, with the same shares of valid and invalid orders.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { catalogueCsv, makeCatalogue } from './samples/catalogue.ts';
import { makeOrders } from './samples/orders.ts';
import { createRandom } from './samples/random.ts';

const SEED = 20_260_101;
const ORDERS_MIN = 100;

const { values } = parseArgs({
  options: { orders: { type: 'string', default: '560' }, to: { type: 'string' } },
});
const orders = Number(values.orders);
if (!Number.isInteger(orders) || orders < ORDERS_MIN) {
  console.error(`--orders must be a whole number from ${ORDERS_MIN}`);
  process.exit(2);
}
const dir = values.to ?? path.join(import.meta.dirname, '..', 'samples');

const catalogue = makeCatalogue(createRandom(SEED));
const { lines, expected } = makeOrders(catalogue, orders, createRandom(SEED + 1));
mkdirSync(dir, { recursive: true });
writeFileSync(path.join(dir, 'catalogue.csv'), catalogueCsv(catalogue));
writeFileSync(path.join(dir, 'orders.ndjson'), `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
writeFileSync(path.join(dir, 'expected.json'), `${JSON.stringify(expected, null, 2)}\n`);
console.log(`${catalogue.products.length} products, ${lines.length} lines of orders in ${dir}`);

/** Stock while published outcomes are applied in another order than they were decided. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { changeStock, payShortages, readShortages } from '../../cli/recover/from-log/recovered-stock.ts';
import { createMysql, type Mysql, type Session } from '../../services/shared/mysql/index.ts';
import { quietLog } from '../support/records/kafka.ts';
import { useDatabase } from '../support/servers/stack.ts';

const database = useDatabase('recovered-stock');
let mysql: Mysql;
let session: Session;

beforeAll(async () => {
  mysql = createMysql({ url: database().url, log: quietLog });
  session = await mysql.connect({ scripts: true, waitTimeoutSeconds: 60 });
});
afterAll(() => mysql.close());
beforeEach(async () => {
  await session.write('DELETE FROM recovery_shortages');
  await session.write('DELETE FROM stock');
  await session.write("INSERT INTO stock (sku, initial, available) VALUES ('A', 2, 2), ('B', 5, 5)");
});

const change = (sku: string, net: number, more: { shipped?: number; added?: number } = {}) => ({
  ...{ sku, net, peak: Math.max(0, net), shipped: 0, added: 0 },
  ...more,
});
const apply = (...changes: Parameters<typeof changeStock>[1][number][]) =>
  session.transaction((open) => changeStock(open, changes));
const levelOf = async (sku: string) =>
  (await session.rows(`SELECT available, added, shipped FROM stock WHERE sku = '${sku}'`))[0];

test('changes levels as a worker does', async () => {
  await apply(change('A', 1), change('B', -3, { shipped: 2, added: 3 }));
  expect(await levelOf('A')).toEqual({ available: 1, added: 0, shipped: 0 });
  expect(await levelOf('B')).toEqual({ available: 8, added: 3, shipped: 2 });
  expect(await readShortages(session)).toEqual([]);
});

test('a SKU that is sold before another lane gives units back is never below 0, and ends at its level', async () => {
  await apply(change('A', 5));
  expect(await levelOf('A')).toMatchObject({ available: 0 });
  expect(await readShortages(session)).toEqual([{ sku: 'A', units: 3 }]);
  await apply(change('A', -1, { added: 1 }));
  expect(await readShortages(session)).toEqual([{ sku: 'A', units: 2 }]);
  await apply(change('A', -3));
  expect(await levelOf('A')).toEqual({ available: 1, added: 1, shipped: 0 });
  expect(await readShortages(session)).toEqual([]);
});

test('units that come back after the recovery pay the rest', async () => {
  await apply(change('A', 3), change('B', 6));
  expect(await payShortages(session)).toEqual([
    { sku: 'A', units: 1 },
    { sku: 'B', units: 1 },
  ]);
  await session.write("UPDATE stock SET available = 4 WHERE sku = 'A'");
  expect(await payShortages(session)).toEqual([{ sku: 'B', units: 1 }]);
  expect(await levelOf('A')).toMatchObject({ available: 3 });
});

test('names a SKU without a stock row, and changes nothing', async () => {
  await expect(apply(change('A', 1), change('C', 1))).rejects.toThrow('the SKU C has no stock row');
  expect(await levelOf('A')).toMatchObject({ available: 2 });
});

/** `orderstream customer reencrypt-keys`: the keys of customers stay the same, and have the newest key of the configuration. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createMysql, type Mysql } from '../../../services/shared/mysql/index.ts';
import { type CustomerKeyRow, createKeyWrapper } from '../../../services/shared/personal-data/index.ts';
import { makeKey } from '../../../services/shared/secrets/index.ts';
import { type Ended, orderstream } from '../../support/programs/command-line.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { createLogins, type Logins } from '../../support/servers/logins.ts';
import { testStack, useDatabase } from '../../support/servers/stack.ts';

const database = useDatabase('cli-customer-keys');
const [lost, old, fresh] = [makeKey('lost'), makeKey('2025'), makeKey('2026')];
let mysql: Mysql;
let logins: Logins;

beforeAll(async () => {
  mysql = createMysql({ url: database().url, log: quietLog });
  logins = await createLogins(database().url);
});
afterAll(async () => {
  await mysql.close();
  await logins.close();
});
beforeEach(() => mysql.pool.write('DELETE FROM customer_keys'));

const run = (keys: string): Promise<Ended> =>
  orderstream(
    { name: testStack().name, env: { MYSQL_URL: logins.url('operator'), PERSONAL_DATA_KEYS: keys } },
    [...['customer', 'reencrypt-keys', '--json']],
  );

/** New keys of so many customers, encrypted with `key`. */
async function addKeys(key: string, prefix: string, count: number): Promise<CustomerKeyRow[]> {
  const wrapper = createKeyWrapper([key]);
  const rows = Array.from({ length: count }, (_, n) =>
    wrapper.create(`${prefix}${String(n).padStart(4, '0')}`),
  );
  await mysql.pool.write(
    `INSERT INTO customer_keys (customer_id, key_id, wrapped_key, created_at_ms) VALUES ${rows.map(() => '(?, ?, ?, 1)').join(', ')}`,
    rows.flatMap((row) => [row.customer_id, row.key_id, row.wrapped_key]),
  );
  return rows;
}

const stored = () =>
  mysql.pool.rows<CustomerKeyRow>(
    'SELECT customer_id, key_id, wrapped_key FROM customer_keys ORDER BY customer_id',
  );

test('afterwards the old key is not needed, and a second run changes nothing', async () => {
  const before = await addKeys(old, 'customer-', 501);
  await addKeys(fresh, 'new-', 2);
  const ended = await run(`${fresh},${old}`);
  expect([ended.code, ended.stderr]).toEqual([0, '']);
  expect(JSON.parse(ended.stdout)).toEqual({ changed: 501, unchanged: 2, unreadable: 0 });
  const rows = await stored();
  const [oldOnly, freshOnly] = [createKeyWrapper([old]), createKeyWrapper([fresh])];
  expect(rows.slice(0, 501).map(freshOnly.read)).toEqual(before.map(oldOnly.read));
  expect(JSON.parse((await run(fresh)).stdout)).toEqual({ changed: 0, unchanged: 503, unreadable: 0 });
  expect(await stored()).toEqual(rows);
  const audit = await mysql.pool.rows('SELECT action, subject FROM audit_log');
  expect(audit).toEqual([{ action: 'customer_keys.reencrypted', subject: 'customer_keys:2026' }]);
});

test('a key that cannot be decrypted is counted and stays as it is', async () => {
  const rows = await addKeys(lost, 'customer-', 1);
  const { code, stdout } = await run(`${fresh},${old}`);
  expect([code, JSON.parse(stdout)]).toEqual([1, { changed: 0, unchanged: 0, unreadable: 1 }]);
  expect(await stored()).toEqual(rows);
});

test('without a key in the configuration the command changes nothing', async () => {
  expect(await run('short')).toMatchObject({ code: 2 });
});

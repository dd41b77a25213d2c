import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { secretList } from '../services/shared/config/index.ts';
import { findServers, withLocal } from './servers.ts';

const mysqlUrl = 'mysql://app:secret@db.example:3306/orders';
const keys = secretList('WEBHOOK_SECRET_KEYS');
/** An instance that does not exist, so an address from it is an error. */
const nobody = 'no-such-instance';
let dir: string;
let file: string;

beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'servers-'));
  file = path.join(dir, 'mysql');
  writeFileSync(file, `${mysqlUrl}\n`);
});
afterAll(() => rmSync(dir, { recursive: true }));

test('an address comes from the file that its variable names', async () => {
  expect(await findServers(nobody, { MYSQL_URL_FILE: file }, ['mysql'])).toEqual({ mysqlUrl });
});

test('an address that is set directly and by a file is an error', async () => {
  const env = { MYSQL_URL: mysqlUrl, MYSQL_URL_FILE: file };
  await expect(findServers(nobody, env, ['mysql'])).rejects.toThrow('is set twice');
});

test('an address without a variable and without an instance is an error that names the variable', async () => {
  await expect(findServers(nobody, { MYSQL_URL_FILE: file }, ['mysql', 'redis'])).rejects.toThrow(
    /set REDIS_URL$/,
  );
});

test('brokers are no secret, so KAFKA_BROKERS_FILE counts as nothing', async () => {
  await expect(findServers(nobody, { KAFKA_BROKERS_FILE: file }, ['kafka'])).rejects.toThrow(
    /set KAFKA_BROKERS$/,
  );
});

test.each([[{ WEBHOOK_SECRET_KEYS: 'direct' }], [{ WEBHOOK_SECRET_KEYS_FILE: 'a/file' }]])(
  'a setting of %j goes before the local instance',
  (env) => {
    expect(withLocal(env, keys, () => 'local')).toEqual(env);
  },
);

test('a setting that is not given comes from the local instance', () => {
  expect(withLocal({ WEBHOOK_SECRET_KEYS: '' }, keys, () => 'local')).toEqual({
    WEBHOOK_SECRET_KEYS: 'local',
  });
});

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { importCatalogue } from '../../../cli/catalogue/import.ts';
import { readCatalogue } from '../../../cli/catalogue/read-catalogue.ts';
import { withDatabase } from '../../../cli/database.ts';
import { createLocalIssuer } from '../../../services/shared/auth/index.ts';
import { testStack, useDatabase } from '../../support/servers/stack.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const dir = mkdtempSync(path.join(tmpdir(), 'os-cli-'));
const database = useDatabase('cli-commands');
const HEADER = 'sku,name,unit_price_minor,currency,stock\n';

afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `orderstream` as a user would, against the servers of this run and this file's database. */
function orderstream(...args: string[]): Promise<Ended> {
  const stack = testStack();
  const env = {
    ...process.env,
    KAFKA_BROKERS: stack.kafkaBrokers,
    SCHEMA_REGISTRY_URL: stack.schemaRegistryUrl,
    REDIS_URL: stack.redisUrl,
    MYSQL_URL: database().url,
    ORDERSTREAM_URL: 'http://127.0.0.1:1',
    ORDERSTREAM_ISSUER_DIR: dir,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ['cli/main.ts', ...args], { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

function file(name: string, text: string | Buffer): string {
  const name_ = path.join(dir, name);
  writeFileSync(name_, text);
  return name_;
}

async function rows(sql: string): Promise<RowDataPacket[]> {
  return withDatabase(database().url, async (db) => (await db.query<RowDataPacket[]>(sql))[0]);
}

const importText = (text: string) =>
  withDatabase(database().url, (db) => importCatalogue(db, readCatalogue(HEADER + text), { nowMs: 1 }));

describe('importing a catalogue', () => {
  beforeEach(() =>
    withDatabase(database().url, async (db) => {
      for (const table of ['products', 'stock']) await db.query(`DELETE FROM ${table}`);
      await db.query('UPDATE catalogue_state SET version = 0');
    }),
  );

  test('updates names and prices, never resets stock, and raises the version per change', async () => {
    expect(await importText('A,Tea,450,EUR,7\nB,Café,500,EUR,0\n')).toEqual({
      added: 2,
      changed: 0,
      unchanged: 0,
      version: 1,
    });
    await withDatabase(database().url, (db) =>
      db.query("UPDATE stock SET available = 3, added = 1 WHERE sku = 'A'"),
    );

    expect(await importText('A,Tea,450,EUR,100\nB,Café,500,EUR,100\n')).toMatchObject({
      unchanged: 2,
      version: 1,
    });
    expect(await importText('A,Green tea,460,EUR,100\na,Other,1,JPY,2\n')).toEqual({
      added: 1,
      changed: 1,
      unchanged: 0,
      version: 2,
    });

    expect(await rows('SELECT sku, name, unit_price, currency, version FROM products ORDER BY sku')).toEqual([
      { sku: 'A', name: 'Green tea', unit_price: 460, currency: 'EUR', version: 2 },
      { sku: 'B', name: 'Café', unit_price: 500, currency: 'EUR', version: 1 },
      { sku: 'a', name: 'Other', unit_price: 1, currency: 'JPY', version: 2 },
    ]);
    expect(await rows('SELECT sku, initial, added, available FROM stock ORDER BY sku')).toEqual([
      { sku: 'A', initial: 7, added: 1, available: 3 },
      { sku: 'B', initial: 0, added: 0, available: 0 },
      { sku: 'a', initial: 2, added: 0, available: 2 },
    ]);
  });

  test('two concurrent imports run one after the other', async () => {
    const many = (price: number) =>
      Array.from({ length: 700 }, (_, n) => `S${n},Thing,${price},EUR,5`).join('\n');
    const results = await Promise.all([importText(many(1)), importText(many(2))]);
    expect(results.map(({ version }) => version).toSorted()).toEqual([1, 2]);
    expect(await rows('SELECT COUNT(*) AS n, COUNT(DISTINCT unit_price) AS prices FROM products')).toEqual([
      { n: 700, prices: 1 },
    ]);
    expect(await rows('SELECT COUNT(*) AS n FROM stock')).toEqual([{ n: 700 }]);
  });

  test('imports no line of a file with a bad line', async () => {
    const bad = file('bad.csv', `${HEADER}A,Tea,450,EUR,7\nB,Tea,4.5,EUR,7\nC,,1,EUR,7\n`);
    const { code, stderr } = await orderstream('catalogue', 'import', bad);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /nothing was imported: the catalogue file has 2 bad lines\n {2}line 3: .*\n {2}line 4: /,
    );
    expect(await rows('SELECT * FROM products')).toEqual([]);
  });
});

describe('a catalogue in another encoding', () => {
  test('is refused with the number of its first line that is not UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${HEADER}A,Tea,450,EUR,7\n`),
      Buffer.from('B,Café,1,EUR,1\n', 'latin1'),
    ]);
    const { code, stderr } = await orderstream('catalogue', 'import', file('latin1.csv', bytes));
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /^orderstream: nothing was imported: line 3 of .*latin1\.csv is not UTF-8 text\n$/,
      ),
    });
  });
});

describe('the command line', () => {
  test('prints a token that the issuer’s key verifies', async () => {
    const { code, stdout } = await orderstream(
      'token',
      '--customer',
      'c1',
      '--scope',
      'orders:read',
      '--ttl',
      '90s',
    );
    expect(code).toBe(0);
    const { jwksPath, issuer, audience } = await createLocalIssuer(dir);
    const keys = createLocalJWKSet(JSON.parse(await readFile(jwksPath, 'utf8')));
    const { payload } = await jwtVerify(stdout.trim(), keys, { issuer, audience });
    expect(payload).toMatchObject({ sub: 'c1', scope: 'orders:read' });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(90);
  });

  test('does not migrate twice', async () => {
    expect(await orderstream('migrate')).toMatchObject({
      code: 0,
      stdout: 'nothing to do: the tables are at that version\n',
    });
  });

  test.each<[string, string[], number, RegExp]>([
    ['no command', [], 2, /Usage: orderstream/],
    ['an unknown command', ['fly'], 2, /unknown command 'fly'/],
    ['an unknown option', ['verify', '--fast'], 2, /unknown option '--fast'/],
    ['a malformed id', ['order', 'get', '12'], 2, /expected an order id: a UUID/],
    ['an unknown scope', ['token', '--customer', 'c', '--scope', 'all'], 2, /unknown scope all/],
    [
      'a lifetime that the API refuses',
      ['token', '--customer', 'c', '--ttl', '25h'],
      2,
      /--ttl is at most 86400 s: .*JWT_LIFETIME_MAX/,
    ],
    [
      'a reason that is no code',
      ['dlq', 'redrive', '0-1', '--reason', 'fixed the producer'],
      2,
      /expected a reason code .* --note/,
    ],
    ['a missing file', ['orders', 'send', 'no.ndjson'], 2, /cannot read no\.ndjson/],
    [
      'an API that is down',
      ['orders', 'send', 'samples/orders.ndjson'],
      1,
      /the API at http:\/\/127\.0\.0\.1:1 does not respond/,
    ],
    ['a missing topic', ['peek', 'no.such.topic'], 1, /there is no topic no\.such\.topic/],
    [
      'an offset without its partition',
      ['peek', 'orders.events.v1', '--offset', '1'],
      2,
      /--offset needs --partition/,
    ],
    ['a migration down without a target', ['migrate', '--down'], 2, /name the version to keep/],
  ])('reports %s in one sentence', async (_what, args, code, words) => {
    const ended = await orderstream(...args);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(words);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(ended.stdout).toBe('');
  });
});

/** Coupons, rates and switches are imported as a whole or not at all, in versions. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withDatabase } from '../../../cli/database.ts';
import { useDatabase } from '../../support/servers/stack.ts';

const root = path.join(import.meta.dirname, '../../..');
const database = useDatabase('cli-rules');
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'rules-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

beforeEach(() =>
  withDatabase(database().url, async (db) => {
    const tables = [
      'products',
      'stock',
      'price_breaks',
      'coupons',
      'coupon_counters',
      'tax_rates',
      'shipping_rates',
    ];
    for (const table of [...tables, 'audit_log']) await db.query(`DELETE FROM ${table}`);
    await db.query('UPDATE catalogue_state SET version = 0');
    await db.query("UPDATE rule_flags SET value = 'on'");
  }),
);

async function orderstream(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, MYSQL_URL: database().url };
  return new Promise((resolve) => {
    execFile(process.execPath, ['cli/main.ts', ...args], { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await orderstream(...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.trim();
}

function file(name: string, ...lines: string[]): string {
  const to = path.join(dir, name);
  writeFileSync(to, `${lines.join('\n')}\n`);
  return to;
}

async function rows(sql: string): Promise<RowDataPacket[]> {
  return withDatabase(database().url, async (db) => (await db.query<RowDataPacket[]>(sql))[0]);
}

const versions = async () =>
  (await rows('SELECT version FROM catalogue_state ORDER BY id')).map((row) => row['version']);

describe('coupons', () => {
  const header = 'code,kind,percent_bp,total_limit';
  const counters = () => rows('SELECT * FROM coupon_counters ORDER BY code');

  test('are added, changed and left alone, and each change raises the version', async () => {
    const coupons = file('c.csv', header, 'A,percent,1000,5', 'B,percent,500,');
    expect(await done('coupons', 'import', coupons)).toBe(
      '2 coupons: 2 new, 0 changed, 0 unchanged; coupon version 1',
    );
    expect(await done('coupons', 'import', coupons)).toBe(
      '2 coupons: 0 new, 0 changed, 2 unchanged; coupon version 1',
    );
    expect(await done('coupons', 'import', file('c.csv', header, 'B,percent,700,'))).toBe(
      '1 coupons: 0 new, 1 changed, 0 unchanged; coupon version 2',
    );
    expect(await versions()).toEqual([0, 2, 0]);
    expect(await rows('SELECT code, kind, value, version FROM coupons ORDER BY code')).toEqual([
      { code: 'A', kind: 'PERCENT', value: 1_000, version: 1 },
      { code: 'B', kind: 'PERCENT', value: 700, version: 2 },
    ]);
    expect(
      await rows("SELECT action, subject FROM audit_log WHERE action LIKE 'coupon.%' ORDER BY audit_id"),
    ).toEqual([
      { action: 'coupon.added', subject: 'coupon:A' },
      { action: 'coupon.added', subject: 'coupon:B' },
      { action: 'coupon.changed', subject: 'coupon:B' },
    ]);
  });

  test('have a counter that a new limit moves, below zero if orders hold more', async () => {
    await done('coupons', 'import', file('c.csv', header, 'A,percent,1000,5', 'B,percent,500,'));
    expect(await counters()).toEqual([{ code: 'A', initial: 5, added: 0, available: 5 }]);
    await withDatabase(database().url, (db) => db.query('UPDATE coupon_counters SET available = 1'));

    await done('coupons', 'import', file('c.csv', header, 'A,percent,1000,3', 'B,percent,500,2'));
    expect(await counters()).toEqual([
      { code: 'A', initial: 5, added: -2, available: -1 },
      { code: 'B', initial: 2, added: 0, available: 2 },
    ]);
    const [a] = JSON.parse(await done('coupons', 'show', 'A', '--json')) as object[];
    expect(a).toMatchObject({ totalLimit: 3, available: -1 });

    // Without a limit the counter stays, because four orders still give back what they took.
    await done('coupons', 'import', file('c.csv', header, 'A,percent,1000,'));
    await done('coupons', 'import', file('c.csv', header, 'A,percent,1000,10'));
    expect((await counters())[0]).toEqual({ code: 'A', initial: 5, added: 5, available: 6 });
  });

  test('with a fault or in a dry run change nothing', async () => {
    const bad = file('c.csv', header, 'A,percent,1000,5', 'B,percent,10001,');
    const { code, stderr } = await orderstream('coupons', 'import', bad);
    expect([code, stderr]).toEqual([
      2,
      'orderstream: nothing was imported: the coupon file has one bad line\n' +
        '  line 3: percent_bp must be basis points (1000 are 10 %) from 1 to 10000, found "10001"\n',
    ]);
    const good = file('c.csv', header, 'A,percent,1000,5');
    expect(await done('coupons', 'import', good, '--dry-run')).toBe(
      'dry run: 1 coupons: 1 new, 0 changed, 0 unchanged; coupon version 1',
    );
    expect([await versions(), await counters(), await rows('SELECT * FROM audit_log')]).toEqual([
      [0, 0, 0],
      [],
      [],
    ]);
  });
});

describe('rates', () => {
  const tax = () =>
    file('t.csv', 'country,region,category,rate_ppm,inclusive', 'DE,,,190000,yes', 'US,CA,food,0,no');
  const shipping = () =>
    file('s.json', '[{"country":"*","currency":"EUR","amount_minor":490,"free_from_minor":5000}]');

  test('are replaced as a whole, and the version rises with each change', async () => {
    expect(await done('rates', 'import', '--tax', tax(), '--shipping', shipping())).toBe(
      'tax 2 rates, shipping 1 rates; rates version 1',
    );
    expect(await done('rates', 'import', '--tax', tax())).toBe('tax unchanged; rates version 1');
    const other = file('t.csv', 'country,region,category,rate_ppm,inclusive', 'FR,,,200000,no');
    expect(await done('rates', 'import', '--tax', other, '--clear-shipping', '--dry-run')).toBe(
      'dry run: tax 1 rates, shipping 0 rates; rates version 2',
    );
    expect(JSON.parse(await done('rates', 'show', '--json'))).toEqual({
      tax: [
        { country: 'DE', region: null, category: null, ratePpm: 190_000, inclusive: true },
        { country: 'US', region: 'CA', category: 'food', ratePpm: 0, inclusive: false },
      ],
      shipping: [{ country: null, currency: 'EUR', weightMaxGrams: null, amount: 490, freeFrom: 5_000 }],
    });
    expect(await done('rates', 'import', '--tax', other, '--clear-shipping')).toBe(
      'tax 1 rates, shipping 0 rates; rates version 2',
    );
    expect(await rows('SELECT country FROM tax_rates')).toEqual([{ country: 'FR' }]);
    expect(await rows('SELECT * FROM shipping_rates')).toEqual([]);
    expect(await versions()).toEqual([0, 0, 2]);
  });

  test('of one bad file of two change nothing', async () => {
    const bad = file('s.csv', 'country,currency,amount_minor', 'DE,EUR,4.90');
    const { code, stderr } = await orderstream('rates', 'import', '--tax', tax(), '--shipping', bad);
    expect(code).toBe(2);
    expect(stderr).toContain('the shipping file has one bad line');
    expect(await rows('SELECT * FROM tax_rates')).toEqual([]);
  });
});

describe('switches', () => {
  test('are set and shown, and only a change raises the version', async () => {
    expect(await done('rules', 'set', 'coupons=unlimited', 'autoRefund=on')).toBe(
      'set coupons; rates version 1',
    );
    expect(await done('rules', 'set', 'coupons=unlimited')).toBe('nothing changed; rates version 1');
    expect(JSON.parse(await done('rules', 'show', '--json'))).toEqual({
      coupons: 'unlimited',
      quantityBreaks: 'on',
      autoRefund: 'on',
      paymentWindow: 'default',
      unpaidUnits: 'off',
    });
    expect(await rows('SELECT subject, details FROM audit_log')).toEqual([
      { subject: 'rule:coupons', details: '{"version":1,"before":"on","value":"unlimited"}' },
    ]);
  });
});

describe('products', () => {
  const base = 'sku,name,unit_price_minor,currency,stock';

  test('have weight, tax category and breaks, which a file without these columns keeps', async () => {
    const full = file(
      'p.csv',
      `${base},weight_grams,tax_category,breaks`,
      'A,Tea,450,EUR,7,250,food,10:400 50:350',
    );
    await done('catalogue', 'import', full);
    await done('catalogue', 'import', file('p.csv', base, 'A,Green tea,460,EUR,7'));
    expect(JSON.parse(await done('catalogue', 'show', '--json'))).toEqual([
      {
        sku: 'A',
        name: 'Green tea',
        unitPriceMinor: 460,
        currency: 'EUR',
        weightGrams: 250,
        taxCategory: 'food',
        breaks: [
          { quantity: 10, unitPriceMinor: 400 },
          { quantity: 50, unitPriceMinor: 350 },
        ],
      },
    ]);
    await done('catalogue', 'import', file('p.csv', `${base},breaks`, 'A,Green tea,460,EUR,7,'));
    expect(await rows('SELECT * FROM price_breaks')).toEqual([]);
    expect(await versions()).toEqual([3, 0, 0]);
    expect(await done('catalogue', 'import', file('p.csv', base, 'A,Tea,1,EUR,7'), '--dry-run')).toBe(
      'dry run: 1 products: 0 new, 1 changed, 0 unchanged; catalogue version 4',
    );
    expect(await versions()).toEqual([3, 0, 0]);
  });
});

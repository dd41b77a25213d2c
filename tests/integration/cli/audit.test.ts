/** `orderstream audit list` on the real tables shows the entries of each command. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withDatabase } from '../../../cli/database.ts';
import { noteTry } from '../../../cli/dlq/dead-letters.ts';
import { createMysql, type Mysql } from '../../../services/shared/mysql/index.ts';
import { COMMANDS } from '../../../topics/catalogue.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { testStack, useDatabase } from '../../support/servers/stack.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const dir = mkdtempSync(path.join(tmpdir(), 'os-audit-'));
const database = useDatabase('cli-audit');
const me = { actorKind: 'OPERATOR', actor: userInfo().username, origin: hostname(), traceId: null };
let mysql: Mysql;

beforeAll(() => {
  mysql = createMysql({ url: database().url, log: quietLog });
});
afterAll(async () => {
  await mysql.close();
  rmSync(dir, { recursive: true, force: true });
});

function orderstream(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { kafkaBrokers, schemaRegistryUrl, redisUrl } = testStack();
  const env = {
    ...process.env,
    KAFKA_BROKERS: kafkaBrokers,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    REDIS_URL: redisUrl,
    MYSQL_URL: database().url,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ['cli/main.ts', ...args], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

async function listed(...args: string[]) {
  const { stdout, stderr } = await orderstream('audit', 'list', '--json', ...args);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as { entries: Record<string, unknown>[]; more: boolean };
}

function importFile(...lines: string[]) {
  const file = path.join(dir, 'catalogue.csv');
  writeFileSync(file, ['sku,name,unit_price_minor,currency,stock', ...lines, ''].join('\n'));
  return orderstream('catalogue', 'import', file);
}

test('an import writes itself, each new product, and each price before and after', async () => {
  expect(await orderstream('audit', 'list')).toMatchObject({ code: 0, stdout: 'no entries\n' });
  await importFile('A_1,Tea,450,EUR,7', 'AB1,Coffee,500,EUR,1');
  await importFile('A_1,Tea,460,EUR,7', 'AB1,Coffee,500,EUR,1');
  expect((await listed('--subject', 'product:A_1')).entries).toMatchObject([
    {
      ...me,
      action: 'product.changed',
      details: { version: 2, unitPriceMinorBefore: 450, unitPriceMinor: 460 },
    },
    { ...me, action: 'product.added', details: { version: 1, unitPriceMinor: 450, currency: 'EUR' } },
  ]);
  expect((await listed('--subject', 'catalogue')).entries.map(({ details }) => details)).toEqual([
    { added: 0, changed: 1, unchanged: 1, version: 2 },
    { added: 2, changed: 0, unchanged: 0, version: 1 },
  ]);
});

test('a resolved finding is written once, with its note', async () => {
  await mysql.pool.write(
    `INSERT INTO reconciliation_findings (kind, subject, remedy, first_seen_at_ms, last_seen_at_ms)
     VALUES ('ORDER_STUCK', 'o-1', 'look', 1, 1)`,
  );
  expect((await orderstream('findings', 'resolve', '1', '--note', 'seen')).code).toBe(0);
  expect((await orderstream('findings', 'resolve', '1')).code).toBe(1);
  expect((await listed('--action', 'finding.resolved')).entries).toMatchObject([
    { ...me, subject: 'finding:1', details: { kind: 'ORDER_STUCK', subject: 'o-1', note: 'seen' } },
  ]);
});

test('redrives are listed, including the redrives that older versions wrote to another table', async () => {
  await mysql.pool.write(
    `INSERT INTO dead_letter_audit (topic, partition_id, source_offset, action, actor, detail, at_ms)
     VALUES (?, 3, 120, 'FAILED', 'bob', 'refused', 5)`,
    [COMMANDS],
  );
  const letter = { partition: 3, offset: 120, position: '3-120' } as Parameters<typeof noteTry>[1];
  await withDatabase(database().url, (db) =>
    noteTry(db, letter, { action: 'REDRIVEN', actor: 'alice', detail: 'sent to 3-130', atMs: 9 }),
  );
  expect((await listed('--subject', 'dead_letter:3-120')).entries).toMatchObject([
    { ...me, action: 'dead_letter.redriven', details: { by: 'alice', detail: 'sent to 3-130' } },
    { actor: 'bob', origin: '', action: 'dead_letter.redrive_failed', details: { detail: 'refused' } },
  ]);
  const old = await listed('--subject', 'dead_letter', '--until', '1970-01-02');
  expect(old.entries).toHaveLength(2);
});

test('reports when there is more than it prints', async () => {
  const { stdout } = await orderstream('audit', 'list', '--max', '1');
  expect(stdout).toContain('there are more entries than these 1');
  expect((await listed('--max', '1')).more).toBe(true);
  expect((await listed('--actor', 'nobody')).entries).toEqual([]);
});

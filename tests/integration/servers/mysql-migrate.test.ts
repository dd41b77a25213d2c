import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../../services/orders-db/index.ts';
import { createLogger } from '../../../services/shared/log/index.ts';
import { createMysql, type Pool } from '../../../services/shared/mysql/index.ts';
import { dropDatabase, testStack, unique } from '../../support/servers/stack.ts';

const log = createLogger({ service: 'tests', level: 'silent', instanceId: 'tests' });
const firstUp = 'CREATE TABLE one (id INT); -- one; two\nINSERT INTO one VALUES (1);';
/** As `sha256sum` prints them for the up files below. */
const firstSha256 = 'f8b715642dde202de76334ba8b9956694cd6b515760f9e06934e9e83b7ebd643';
const secondSha256 = 'febb8d07a89c99f4a3eede045a60a04d05ca5704852e7fb7ac9b7da941912cd8';
let name: string;
let url: string;
let dir: string;

beforeEach(async () => {
  name = unique('os_t_migrate_');
  url = Object.assign(new URL(testStack().mysqlUrl), { pathname: `/${name}` }).href;
  dir = await mkdtemp(join(tmpdir(), 'migrations-'));
  await put('0001_first', firstUp, 'DROP TABLE one;');
  await put('0002_second', 'CREATE TABLE two (id INT);', 'DROP TABLE two;');
});
afterEach(async () => {
  await dropDatabase(name);
  await rm(dir, { recursive: true });
});

async function put(migration: string, up: string, down: string): Promise<void> {
  await writeFile(join(dir, `${migration}.up.sql`), up);
  await writeFile(join(dir, `${migration}.down.sql`), down);
}

async function withPool<T>(work: (pool: Pool) => Promise<T>): Promise<T> {
  const mysql = createMysql({ url, log });
  try {
    return await work(mysql.pool);
  } finally {
    await mysql.close();
  }
}

const tables = (): Promise<string[]> =>
  withPool(async (pool) => {
    const rows = await pool.rows<{ t: string }>(
      'SELECT table_name AS t FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1',
    );
    return rows.map((row) => row.t);
  });

const checksums = (): Promise<(string | null)[]> =>
  withPool(async (pool) => {
    const rows = await pool.rows<{ up_sha256: string | null }>(
      'SELECT up_sha256 FROM schema_migrations ORDER BY version',
    );
    return rows.map((row) => row.up_sha256);
  });

describe('migrate', () => {
  it('creates the database, migrates up once, and changes nothing the second time', async () => {
    expect(await migrate({ url, log, dir })).toEqual([
      { version: 1, name: 'first', direction: 'up' },
      { version: 2, name: 'second', direction: 'up' },
    ]);
    expect(await tables()).toEqual(['one', 'schema_migrations', 'two']);
    expect(await migrate({ url, log, dir })).toEqual([]);
  });

  it('migrates up to a version, down by one, and down to nothing', async () => {
    await migrate({ url, log, dir, to: 1 });
    expect(await tables()).toEqual(['one', 'schema_migrations']);
    await migrate({ url, log, dir });
    expect(await migrate({ url, log, dir, direction: 'down' })).toEqual([
      { version: 2, name: 'second', direction: 'down' },
    ]);
    expect(await migrate({ url, log, dir, direction: 'down', to: 0 })).toEqual([
      { version: 1, name: 'first', direction: 'down' },
    ]);
    expect(await tables()).toEqual(['schema_migrations']);
  });

  it('runs each migration once for concurrent callers', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => migrate({ url, log, dir })));
    expect(runs.map((steps) => steps.length).sort()).toEqual([0, 0, 2]);
  });

  it('names the failed statement, and does not record the migration', async () => {
    await put(
      '0003_broken',
      'CREATE TABLE three (id INT); CREATE TABLE three (id INT);',
      'DROP TABLE three;',
    );
    await expect(migrate({ url, log, dir })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      details: { migration: '3 broken (up)', statement: 2 },
    });
    await writeFile(join(dir, '0003_broken.up.sql'), 'CREATE TABLE IF NOT EXISTS three (id INT);');
    expect(await migrate({ url, log, dir })).toEqual([{ version: 3, name: 'broken', direction: 'up' }]);
  });

  it('gives up on a lock that another process holds', async () => {
    await migrate({ url, log, dir });
    const holder = createMysql({ url, log });
    const session = await holder.connect();
    await session.rows('SELECT GET_LOCK(?, 1)', [`orderstream.migrate.${name}`]);
    await expect(migrate({ url, log, dir, lockTimeoutSeconds: 0 })).rejects.toMatchObject({
      code: 'MIGRATION_LOCKED',
    });
    await holder.close();
  });

  it('runs a version that is added below the newest applied one, and goes down in order', async () => {
    await put('0004_early', 'CREATE TABLE four (id INT);', 'DROP TABLE four;');
    await migrate({ url, log, dir });
    await put('0003_late', 'CREATE TABLE three (id INT);', 'DROP TABLE three;');
    expect(await migrate({ url, log, dir })).toEqual([{ version: 3, name: 'late', direction: 'up' }]);
    const down = await migrate({ url, log, dir, direction: 'down', to: 2 });
    expect(down.map(({ version }) => version)).toEqual([4, 3]);
  });

  it('refuses two names of one version in the files', async () => {
    await put('0002_other', 'SELECT 1;', 'SELECT 1;');
    await expect(migrate({ url, log, dir })).rejects.toMatchObject({
      code: 'MIGRATION_INVALID',
      details: { reason: 'version 2 has two names' },
    });
  });

  it('refuses a database that is ahead of its files', async () => {
    await migrate({ url, log, dir });
    await rm(join(dir, '0002_second.up.sql'));
    await rm(join(dir, '0002_second.down.sql'));
    await expect(migrate({ url, log, dir })).rejects.toMatchObject({ code: 'MIGRATION_INVALID' });
  });

  describe('of an applied migration', () => {
    it('refuses an edited file, names it, and changes nothing', async () => {
      await migrate({ url, log, dir });
      await put('0002_second', 'CREATE TABLE two (id BIGINT);', 'DROP TABLE two;');
      await put('0003_third', 'CREATE TABLE three (id INT);', 'DROP TABLE three;');
      for (const direction of ['up', 'down'] as const)
        await expect(migrate({ url, log, dir, direction })).rejects.toMatchObject({
          code: 'MIGRATION_CHANGED',
          details: { file: '0002_second.up.sql' },
        });
      expect(await tables()).toEqual(['one', 'schema_migrations', 'two']);
    });

    it('accepts other line ends, and an edited down file', async () => {
      await migrate({ url, log, dir });
      await put('0001_first', firstUp.replaceAll('\n', '\r\n'), 'DROP TABLE IF EXISTS one;');
      expect(await migrate({ url, log, dir })).toEqual([]);
    });

    it('adds the checksum to a row of an older version, and compares it from then on', async () => {
      await migrate({ url, log, dir });
      expect(await checksums()).toEqual([firstSha256, secondSha256]);
      await withPool((pool) => pool.write('ALTER TABLE schema_migrations DROP COLUMN up_sha256'));
      expect(await migrate({ url, log, dir })).toEqual([]);
      expect(await checksums()).toEqual([firstSha256, secondSha256]);
      await put('0001_first', `${firstUp} `, 'DROP TABLE one;');
      await expect(migrate({ url, log, dir })).rejects.toMatchObject({
        code: 'MIGRATION_CHANGED',
        details: { file: '0001_first.up.sql' },
      });
    });
  });

  it('brings the real tables up, down to nothing, and up again', async () => {
    const up = await migrate({ url, log });
    expect(up.length).toBeGreaterThanOrEqual(2);
    await migrate({ url, log, direction: 'down', to: 0 });
    expect(await tables()).toEqual(['schema_migrations']);
    expect(await migrate({ url, log })).toEqual(up);
  });
});

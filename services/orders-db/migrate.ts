import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { AppError, appError, errorMessage } from '../shared/errors/index.ts';
import type { Logger } from '../shared/log/index.ts';
import { createMysql, type Mysql, parseMysqlUrl, type Session } from '../shared/mysql/index.ts';
import { addApplied, openAppliedMigrations, readApplied, removeApplied } from './applied-migrations.ts';
import { splitStatements } from './statements.ts';

export type MigrateOptions = {
  /** mysql://user:password@host:port/database. Migrating up creates the database if it is missing. */
  url: string;
  log: Logger;
  direction?: 'up' | 'down';
  /**
   * Up: the last version to apply (default: all). Down: the newest version to keep (default: one step back; 0 keeps
   * none).
   */
  to?: number;
  /** Folder of `0001_name.up.sql` and `0001_name.down.sql`. */
  dir?: string;
  /** Maximum wait for another migration that runs. */
  lockTimeoutSeconds?: number;
};

export type MigrationStep = { version: number; name: string; direction: 'up' | 'down' };

type Migration = { version: number; name: string; up: string; down: string };

const ownDir = fileURLToPath(new URL('./migrations/', import.meta.url));

/** Maximum time of one statement. A table change that takes longer needs its own plan. */
const statementTimeoutMs = 600_000;

const unknownDatabaseErrno = 1049;

/**
 * Brings the tables to a version. Returns the applied migrations. It applies one migration after another under a lock
 * of the server. `schema_migrations` has each finished migration with the checksum of its file. If such a file was edited,
 * it throws MIGRATION_CHANGED and changes nothing.
 *
 * DDL commits implicitly. So a migration that fails in the middle is partly applied and not recorded.
 * MIGRATION_FAILED names the failed statement.
 */
export async function migrate(options: MigrateOptions): Promise<MigrationStep[]> {
  const { url, log, direction = 'up', dir = ownDir, lockTimeoutSeconds = 30 } = options;
  const migrations = await readMigrations(dir);
  const mysql = createMysql({ url, log, queryTimeoutMs: statementTimeoutMs, poolSize: 1 });
  try {
    const session = await connect(mysql, options);
    return await underLock(session, `orderstream.migrate.${databaseOf(url)}`, lockTimeoutSeconds, () =>
      run(session, migrations, { ...options, direction }),
    );
  } finally {
    await mysql.close();
  }
}

async function readMigrations(dir: string): Promise<Migration[]> {
  const found = new Map<number, Partial<Migration> & { version: number; name: string }>();
  for (const file of (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort()) {
    const match = /^(\d{4})_([a-z0-9_]+)\.(up|down)\.sql$/.exec(file);
    if (match === null)
      throw appError('MIGRATION_INVALID', {
        reason: `${file} is not named 0001_name.up.sql or 0001_name.down.sql`,
      });
    const [version, name, side] = [Number(match[1]), match[2]!, match[3] as 'up' | 'down'];
    const migration = found.get(version) ?? { version, name };
    if (migration.name !== name)
      throw appError('MIGRATION_INVALID', { reason: `version ${version} has two names` });
    migration[side] = await readFile(new URL(file, `file://${dir.endsWith('/') ? dir : `${dir}/`}`), 'utf8');
    found.set(version, migration);
  }
  const inOrder = [...found.values()].sort((a, b) => a.version - b.version);
  return inOrder.map(({ version, name, up, down }) => {
    if (up === undefined || down === undefined)
      throw appError('MIGRATION_INVALID', { reason: `version ${version} lacks its up or down file` });
    return { version, name, up, down };
  });
}

/** Connects. Creates the database only if it is missing, because a production user may lack this right. */
async function connect(mysql: Mysql, { url, log, direction = 'up' }: MigrateOptions): Promise<Session> {
  const settings = { waitTimeoutSeconds: statementTimeoutMs / 1000 };
  try {
    return await mysql.connect(settings);
  } catch (error) {
    const isMissing = error instanceof AppError && error.details['errno'] === unknownDatabaseErrno;
    if (!isMissing || direction === 'down') throw error;
    await createDatabase(url, log);
    return mysql.connect(settings);
  }
}

async function createDatabase(url: string, log: Logger): Promise<void> {
  const bare = new URL(url);
  bare.pathname = '/';
  const mysql = createMysql({ url: bare.toString(), log, poolSize: 1 });
  try {
    await mysql.pool.write(
      `CREATE DATABASE IF NOT EXISTS \`${databaseOf(url)}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
    );
  } finally {
    await mysql.close();
  }
}

function databaseOf(url: string): string {
  const { database = '' } = parseMysqlUrl(url);
  if (!/^[A-Za-z0-9_]{1,40}$/.test(database)) {
    throw appError('MIGRATION_INVALID', {
      reason: `the database name must be 1 to 40 letters, digits or _, not "${database}"`,
    });
  }
  return database;
}

async function underLock<T>(
  session: Session,
  name: string,
  waitSeconds: number,
  fn: () => Promise<T>,
): Promise<T> {
  const [row] = await session.rows<{ got: number | null }>('SELECT GET_LOCK(?, ?) AS got', [
    name,
    waitSeconds,
  ]);
  if (row?.got !== 1) throw appError('MIGRATION_LOCKED', { waitedSeconds: waitSeconds });
  try {
    return await fn();
  } finally {
    // The lock of a closed session has already ended.
    if (session.alive) await session.rows('SELECT RELEASE_LOCK(?) AS released', [name]);
  }
}

async function run(
  session: Session,
  migrations: Migration[],
  options: MigrateOptions,
): Promise<MigrationStep[]> {
  await openAppliedMigrations(session);
  const applied = await readApplied(session, migrations);
  const steps: MigrationStep[] = [];
  for (const migration of plan(applied, migrations, options)) {
    const direction = options.direction ?? 'up';
    await apply(session, migration, direction);
    options.log.info(
      { version: migration.version, migration: migration.name, direction },
      'migrate applied a migration',
    );
    steps.push({ version: migration.version, name: migration.name, direction });
  }
  return steps;
}

/**
 * The migrations to run, in order. Up runs all migrations that are not applied, even below the newest applied
 * version. The reason: branches choose their numbers when they begin, but may land in another order.
 */
function plan(
  applied: ReadonlySet<number>,
  migrations: readonly Migration[],
  { direction, to }: MigrateOptions,
): Migration[] {
  if (to !== undefined && to !== 0 && !migrations.some(({ version }) => version === to)) {
    throw appError('MIGRATION_INVALID', { reason: `there is no version ${to}` });
  }
  if (direction === 'down') {
    const newestFirst = migrations.filter(({ version }) => applied.has(version)).reverse();
    return to === undefined ? newestFirst.slice(0, 1) : newestFirst.filter(({ version }) => version > to);
  }
  const last = to ?? Number.POSITIVE_INFINITY;
  return migrations.filter(({ version }) => version <= last && !applied.has(version));
}

async function apply(session: Session, migration: Migration, direction: 'up' | 'down'): Promise<void> {
  for (const [index, statement] of splitStatements(migration[direction]).entries()) {
    try {
      await session.query(statement);
    } catch (cause) {
      const { version, name } = migration;
      throw appError(
        'MIGRATION_FAILED',
        { migration: `${version} ${name} (${direction})`, statement: index + 1, reason: errorMessage(cause) },
        { cause },
      );
    }
  }
  if (direction === 'up') await addApplied(session, migration);
  else await removeApplied(session, migration);
}

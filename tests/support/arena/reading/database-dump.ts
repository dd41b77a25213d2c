/** Dumps the database of an arena with the tools of its server, and restores the dump, as an operator does. */
import { spawn } from 'node:child_process';
import { chmodSync, createReadStream, createWriteStream, existsSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseMysqlUrl } from '../../../../services/shared/mysql/index.ts';
import { cacheDir } from '../../../../stack/downloads/cache.ts';
import { versions } from '../../../../stack/downloads/versions.ts';
import type { Arena } from '../arena.ts';

/** Rows of a table as texts, in the order of their texts. */
export type TableRows = ReadonlyMap<string, readonly string[]>;

/** Writes `mariadb-dump` of the database to the file. The database may be in use. */
export async function dumpDatabase(arena: Arena, file: string): Promise<void> {
  const args = ['--single-transaction', '--hex-blob', '--triggers'];
  const child = await run(arena, 'dump', args);
  child.stdin.end();
  const ended = exitOf(child);
  await Promise.all([pipeline(child.stdout, createWriteStream(file)), ended]);
}

/** Drops every table and loads the dump. */
export async function restoreDatabase(arena: Arena, file: string): Promise<void> {
  const { pool } = arena.mysql;
  for (const table of await tablesOf(arena)) await pool.write(`DROP TABLE \`${table}\``);
  const child = await run(arena, 'client', []);
  child.stdout.resume();
  const ended = exitOf(child);
  await Promise.all([pipeline(createReadStream(file), child.stdin), ended]);
}

/** All rows of all tables except for `omitted`. `columns` names columns that are left out, by table. */
export async function readTables(
  arena: Arena,
  omitted: readonly string[],
  columns: Readonly<Record<string, readonly string[]>>,
): Promise<TableRows> {
  const found = new Map<string, readonly string[]>();
  for (const table of await tablesOf(arena)) {
    if (omitted.includes(table)) continue;
    const rows = await arena.mysql.pool.rows<Record<string, unknown>>(`SELECT * FROM \`${table}\``);
    const left = columns[table] ?? [];
    const texts = rows.map((row) =>
      JSON.stringify(row, (name, value) => (left.includes(name) ? undefined : plain(value))),
    );
    found.set(table, texts.toSorted());
  }
  return found;
}

function plain(value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: string; data?: number[] };
  return type === 'Buffer' ? Buffer.from(data!).toString('hex') : value;
}

async function tablesOf({ mysql }: Arena): Promise<string[]> {
  const rows = await mysql.pool.rows<{ name: string }>(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME",
  );
  return rows.map(({ name }) => name);
}

const programs = { dump: ['mariadb-dump', 'mysqldump'], client: ['mariadb', 'mysql'] } as const;

async function run({ options }: Arena, tool: keyof typeof programs, args: readonly string[]) {
  const { version, home } = versions.mariadb;
  const bin = path.join(cacheDir(), `mariadb-${version}`, home, 'bin');
  const own = programs[tool].map((name) => path.join(bin, name)).find((file) => existsSync(file));
  if (own !== undefined) chmodSync(own, 0o755);
  const { host, port, user, password, database } = parseMysqlUrl(options.mysqlUrl);
  const target = [`--host=${host}`, `--port=${port}`, `--user=${user}`, '--protocol=TCP', database!];
  const env = { ...process.env, MYSQL_PWD: password ?? '' };
  return spawn(own ?? programs[tool][0], ['--no-defaults', ...args, ...target], { env });
}

function exitOf(child: Awaited<ReturnType<typeof run>>): Promise<void> {
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`it ended with ${code}: ${said}`)),
    );
  });
}

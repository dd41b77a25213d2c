/** Creates the empty data folder of a MariaDB or MySQL. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { StackError } from '../errors.ts';

/** A command that runs once to create a data folder. `input` is its standard input. */
export interface InstallStep {
  command: string;
  args: string[];
  input?: string;
}

/** The files in the order in which MariaDB's own script runs them. */
const SYSTEM_TABLES = [
  'mariadb_system_tables.sql',
  'mariadb_performance_tables.sql',
  'mariadb_system_tables_data.sql',
  'fill_help_tables.sql',
  'maria_add_gis_sp_bootstrap.sql',
  'mariadb_sys_schema.sql',
];
const INSTALL_DEADLINE_MS = 120_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** The server refuses to run as root without this option. */
export const asUser = (): string[] => (process.getuid?.() === 0 ? ['--user=root'] : []);

/**
 * Does the work of `mariadb-install-db` without this shell script. The script splits paths at spaces, and as
 * root changes the owner of the parts.
 */
export function bootstrapMariadb(home: string, command: string, data: string): InstallStep {
  const share = path.join(home, 'share');
  const tables = SYSTEM_TABLES.map((file) => readFileSync(path.join(share, file), 'utf8'));
  return {
    command,
    args: [
      '--no-defaults',
      '--bootstrap',
      '--silent-startup',
      `--basedir=${home}`,
      `--lc-messages-dir=${share}`,
      `--datadir=${data}`,
      '--log-warnings=0',
      '--enforce-storage-engine=',
      '--max-allowed-packet=8M',
      '--net-buffer-length=16K',
      '--skip-name-resolve',
      ...asUser(),
    ],
    input: [
      'CREATE DATABASE IF NOT EXISTS mysql;',
      'USE mysql;',
      // Root logs in with a password or none, not with the name of the system's user.
      'SET @auth_root_socket = NULL;',
      ...tables,
    ].join('\n'),
  };
}

/** Runs the machine's own `mariadb-install-db`. Throws StackError if the script would split the path. */
export function runInstaller(installer: string, data: string): InstallStep {
  if (/[^\w./+@%-]/.test(data)) {
    throw new StackError(
      `MariaDB's install script of this machine cannot work in ${data}; use a folder whose path has letters, digits and dashes only, or set MYSQL_URL.`,
    );
  }
  const settings = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'];
  return {
    command: installer,
    args: ['--no-defaults', `--datadir=${data}`, ...settings, ...asUser()],
  };
}

export function initializeMysql(mysqld: string, data: string): InstallStep {
  const settings = ['--initialize-insecure', '--auto-generate-certs=OFF'];
  return { command: mysqld, args: ['--no-defaults', ...settings, `--datadir=${data}`, ...asUser()] };
}

/** Runs the step in `cwd`. The error message of a failure is the last line of its output. */
export function runInstallStep({ command, args, input = '' }: InstallStep, cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { cwd, timeout: INSTALL_DEADLINE_MS, maxBuffer: OUTPUT_BYTES_MAX };
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve();
      const why = (stderr || stdout || error.message).trim().split('\n').at(-1);
      reject(new StackError(`The database's data folder could not be created: ${why}`, { cause: error }));
    });
    // A server that ends early has closed its input. Its exit code shows the error.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

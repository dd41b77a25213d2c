import { appError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import type { Session } from './types.ts';

/** A strict mode, the same on MySQL and MariaDB, whatever the server's default is. */
const sqlMode = [
  'STRICT_ALL_TABLES',
  'NO_ZERO_DATE',
  'NO_ZERO_IN_DATE',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'NO_ENGINE_SUBSTITUTION',
];

/** Shorter than the query timeout, so that a lock wait ends with its own error and keeps the connection. */
const lockWaitTimeoutSeconds = 2;

/** The timeout of table (metadata) locks. Its default in MariaDB is a day, in MySQL a year. */
const tableLockWaitTimeoutSeconds = 5;

export type SettingsOptions = {
  /** After this much silence the server ends the session. This releases the locks of a frozen owner. */
  waitTimeoutSeconds: number;
};

/**
 * Sets the variables on which the session's statements rely, and reads them back. A proxy or an init_connect
 * may override them. Throws MYSQL_SETTINGS, which names each difference.
 */
export async function applySettings(
  session: Session,
  log: Logger,
  { waitTimeoutSeconds }: SettingsOptions,
): Promise<void> {
  const wanted: Record<string, string | number> = {
    transaction_isolation: 'READ-COMMITTED',
    autocommit: 1,
    innodb_lock_wait_timeout: lockWaitTimeoutSeconds,
    lock_wait_timeout: tableLockWaitTimeoutSeconds,
    wait_timeout: waitTimeoutSeconds,
    time_zone: '+00:00',
    sql_mode: sqlMode.join(','),
  };
  const assignments = Object.entries(wanted).map(([name, value]) => `SESSION ${name} = ${literal(value)}`);
  await session.write(`SET ${assignments.join(', ')}`);
  await verify(session, log, {
    ...wanted,
    character_set_client: 'utf8mb4',
    character_set_connection: 'utf8mb4',
    character_set_results: 'utf8mb4',
  });
}

async function verify(session: Session, log: Logger, wanted: Record<string, string | number>): Promise<void> {
  const columns = Object.keys(wanted).map((name) => `@@SESSION.${name} AS ${name}`);
  const [seen = {}] = await session.rows<Record<string, unknown>>(
    `SELECT ${columns.join(', ')}, @@GLOBAL.innodb_flush_log_at_trx_commit AS flush_log`,
  );
  const problems = Object.entries(wanted)
    .filter(([name, value]) => normal(seen[name]) !== normal(value))
    .map(([name, value]) => `${name} is ${normal(seen[name])} instead of ${normal(value)}`);
  if (problems.length > 0) throw appError('MYSQL_SETTINGS', { problems });
  if (Number(seen['flush_log']) !== 1) {
    log.warn(
      { innodb_flush_log_at_trx_commit: seen['flush_log'] },
      'the database may lose committed transactions in a crash',
    );
  }
}

function literal(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value}'`;
}

/** Servers list sql_mode in different orders. */
function normal(value: unknown): string {
  return String(value).split(',').sort().join(',');
}

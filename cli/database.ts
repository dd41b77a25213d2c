/**
 * Database connections of the command line. They are short-lived, run one statement at a time, and use the session
 * settings of the product.
 */
import mysql, { type Connection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import type { ErasureDb } from '../services/orders-db/index.ts';
import {
  driverOptions,
  mysqlTlsFault,
  nowSql,
  parseMysqlUrl,
  type Queryable,
  type Row,
} from '../services/shared/mysql/index.ts';
import { CliError } from './errors.ts';

const CONNECT_TIMEOUT_MS = 5000;

/**
 * Runs `work` with a connection to `url` (`MYSQL_URL`, parsed as in the services) and closes it afterwards.
 * If the database has no tables, the error names the command that creates them.
 */
export async function withDatabase<T>(url: string, work: (db: Connection) => Promise<T>): Promise<T> {
  const options = driverOptions(parseMysqlUrl(url), { timeoutMs: CONNECT_TIMEOUT_MS });
  const db = await mysql.createConnection(options).catch((error: unknown) => {
    const fault = mysqlTlsFault(error);
    throw fault === null
      ? error
      : new CliError(`no secure connection to the database: ${fault}`, { cause: error });
  });
  try {
    await db.query(
      "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', innodb_lock_wait_timeout = 5",
    );
    return await work(db);
  } catch (error) {
    if (isMissingTable(error)) {
      throw new CliError('the database has no tables yet; run `orderstream migrate` first', { cause: error });
    }
    throw error;
  } finally {
    // The response of the server no longer matters, because the process ends after this.
    await db.end().catch(() => db.destroy());
  }
}

/** Lets an erasure use a connection of the command line. */
export function erasureDbOf(db: Connection): ErasureDb {
  const query = async (sql: string, params: readonly unknown[] = []) => (await db.query(sql, [...params]))[0];
  const own: ErasureDb = {
    query: async (sql, params) => (await query(sql, params)) as never,
    rows: async (sql, params) => (await query(sql, params)) as never,
    write: async (sql, params) => (await query(sql, params)) as ResultSetHeader,
    async transaction(work) {
      await db.beginTransaction();
      try {
        const result = await work(own);
        await db.commit();
        return result;
      } catch (error) {
        await db.rollback();
        throw error;
      }
    },
  };
  return own;
}

/** A connection of the command line with the interface that the readers of services use. */
export function rowsOf(db: Connection): Pick<Queryable, 'rows'> {
  return {
    async rows<T extends object = Row>(sql: string): Promise<T[]> {
      const [rows] = await db.query(sql);
      return rows as T[];
    },
  };
}

/** Epoch ms by the clock of the database, like the times of its rows. */
export async function databaseNowMs(db: Connection): Promise<number> {
  const [rows] = await db.query<RowDataPacket[]>(`SELECT ${nowSql} AS nowMs`);
  return Number(rows[0]!['nowMs']);
}

function isMissingTable(error: unknown): boolean {
  const errno = typeof error === 'object' && error !== null && 'errno' in error ? error.errno : undefined;
  return errno === 1146 || errno === 1049;
}

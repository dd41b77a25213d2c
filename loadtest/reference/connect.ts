/** Connections of the reference designs, with the session settings of the product and the options of each design. */
import mysql from 'mysql2/promise';
import { driverOptions, parseMysqlUrl } from '../../services/shared/mysql/index.ts';

export type Connection = mysql.Connection;

const lockWaitSeconds = 2;
const connectTimeoutMs = 10_000;

export async function connect(url: string, { localFiles = false } = {}): Promise<Connection> {
  const options = driverOptions(parseMysqlUrl(url), { timeoutMs: connectTimeoutMs });
  const connection = await mysql.createConnection({
    ...options,
    flags: ['FOUND_ROWS', localFiles ? 'LOCAL_FILES' : '-LOCAL_FILES'],
  });
  await connection.query(
    `SET SESSION transaction_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = ${lockWaitSeconds}, ` +
      "sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
  );
  return connection;
}

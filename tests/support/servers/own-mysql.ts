import mysql, { type Connection } from 'mysql2/promise';
import { type StackInfo, stackReset, stackUp } from '../../../stack/index.ts';
import { testStack, unique } from './stack.ts';

export interface OwnMysql {
  /**
   * URL of a separate database, with the user of the services. This user has no privilege beyond its
   * databases.
   */
  readonly url: string;
  /**
   * Runs a statement as the server's administrator. The administrator can connect even in read-only mode and
   * at the connection limit.
   */
  asRoot(sql: string): Promise<void>;
  /** Opens another connection of the services' user. Rejects if the server refuses it. */
  connect(): Promise<Connection>;
  close(): Promise<void>;
}

const poolMb = 64;
const otherFilesMayStartMs = 30_000;
const accessDenied = 1045;

/** A database server for one caller only, for settings that belong to a whole server. */
export async function startOwnMysql(room: string): Promise<OwnMysql> {
  const { kafkaBrokers, schemaRegistryUrl, redisUrl } = testStack();
  const name = unique(`t-${room}-`);
  const env = { KAFKA_BROKERS: kafkaBrokers, SCHEMA_REGISTRY_URL: schemaRegistryUrl, REDIS_URL: redisUrl };
  const stack: StackInfo = await stackUp({
    name,
    mysqlPoolMb: poolMb,
    env,
    lockWaitMs: otherFilesMayStartMs,
  });
  const url = new URL(stack.mysqlUrl);
  url.pathname = `/os_t_${room}`;
  const rootUrl = new URL(stack.mysqlUrl);
  rootUrl.username = 'root';
  rootUrl.pathname = '/';
  const root = await connectAsRoot(rootUrl).catch(async (error: unknown) => {
    await stackReset(name);
    throw error;
  });
  return {
    url: url.href,
    asRoot: async (sql) => void (await root.query(sql)),
    connect: () => mysql.createConnection(new URL('/', url).href),
    async close() {
      root.destroy();
      await stackReset(name);
    },
  };
}

/**
 * The administrator of a local server. MariaDB’s installer creates one without a password; otherwise our own
 * has one.
 */
export async function connectAsRoot(url: URL): Promise<Connection> {
  try {
    return await mysql.createConnection(url.href);
  } catch (error) {
    if ((error as { errno?: number }).errno !== accessDenied) throw error;
    const open = new URL(url);
    open.password = '';
    return await mysql.createConnection(open.href);
  }
}

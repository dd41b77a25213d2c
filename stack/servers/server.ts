import type { FetchContext } from '../downloads/cache.ts';
import type { Instance } from '../instance.ts';

/**
 * The input of each server module: the instance, its folder, the progress output and a signal that ends the
 * start.
 */
export interface ServerContext extends FetchContext {
  instance: Instance;
  dir: string;
  kafkaLogins: KafkaLogins | null;
}

/**
 * User name → password of SASL/PLAIN, both without quotes and backslashes. The broker enforces ACLs for these
 * users. It accepts logins on the port that a second broker would have. Clients of its first port need no login
 * and have all rights.
 */
export type KafkaLogins = Readonly<Record<string, string>>;

/**
 * One kind of server. `prepare` downloads and writes files. `start` launches the processes. `ask` throws until
 * the server responds to a real request.
 */
export interface Server {
  name: 'kafka' | 'registry' | 'mysql' | 'redis';
  /** If this environment variable is set, it names a server to use instead. */
  variable: 'KAFKA_BROKERS' | 'SCHEMA_REGISTRY_URL' | 'MYSQL_URL' | 'REDIS_URL';
  readyDeadlineMs: number;
  /** Ports on which the named process listens. */
  ports: (instance: Instance, process: string) => number[];
  /** Names of the server's processes. */
  processes: (instance: Instance) => string[];
  address: (instance: Instance) => string;
  prepare: (context: ServerContext) => Promise<void>;
  /** Launches the missing processes of the server. */
  start: (context: ServerContext, missing: readonly string[]) => Promise<void>;
  /** `brokers` is the minimum number of available brokers; 1 for a cluster that is not ours. */
  ask: (address: string, brokers: number) => Promise<void>;
}

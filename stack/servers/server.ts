import type { FetchContext } from '../downloads/cache.ts';
import type { Instance } from '../instance.ts';

/**
 * The input of each server module: the instance, its folder, the progress output and a signal that ends the
 * start.
 */
export interface ServerContext extends FetchContext {
  instance: Instance;
  dir: string;
  extras: ServerExtras;
}

/** What a caller adds to the servers that its call starts, for example listeners with TLS. */
export interface ServerExtras {
  kafka?: KafkaExtras;
  /** Lines for the configuration file of the database. */
  mysql?: readonly string[];
  /** Another program than that of the stack, with further arguments. */
  redis?: { command: string; env: Readonly<Record<string, string>>; args: readonly string[] };
  /** Further environment variables. */
  registry?: Readonly<Record<string, string>>;
}

/** Only for an instance with one broker. Names, values and passwords have no quotes and no backslashes. */
export interface KafkaExtras {
  /** Listeners beside the one of the stack, whose clients need no login and have all rights. */
  listeners: readonly KafkaListener[];
  settings?: Readonly<Record<string, string>>;
  /** User name → password, for both mechanisms of SCRAM. Created together with the storage. */
  scramUsers?: Readonly<Record<string, string>>;
  jvmArgs?: readonly string[];
}

export interface KafkaListener {
  /** In capital letters. */
  name: string;
  protocol: 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT';
  /** The host name that the broker advertises. The broker listens on 127.0.0.1. */
  host: string;
  port: number;
  /** Settings of this listener alone. */
  settings: Readonly<Record<string, string>>;
}

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

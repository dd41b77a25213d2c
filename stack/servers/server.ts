import type { FetchContext } from '../downloads/maven.ts';
import type { Instance } from '../instance.ts';

/** What each server room is given: the instance, its folder, where progress is told, and what ends it early. */
export interface ServerContext extends FetchContext {
  instance: Instance;
  dir: string;
  kafkaLogins: KafkaLogins | null;
}

/**
 * User name → password of SASL/PLAIN, both without quotes and backslashes. The broker enforces ACLs for who logs in, and takes
 * logins on the port that a second broker would have. Whoever connects to its first port needs none and may do everything.
 */
export type KafkaLogins = Readonly<Record<string, string>>;

/** One kind of server. `prepare` fetches and writes files, `start` launches, `ask` throws until it truly answers. */
export interface Server {
  name: 'kafka' | 'registry' | 'mysql' | 'redis';
  /** The variable that, when set, names a server to be used in its place. */
  variable: 'KAFKA_BROKERS' | 'SCHEMA_REGISTRY_URL' | 'MYSQL_URL' | 'REDIS_URL';
  readyDeadlineMs: number;
  /** Ports that the named process listens on. */
  ports: (instance: Instance, process: string) => number[];
  /** Names of the processes that make up this server. */
  processes: (instance: Instance) => string[];
  address: (instance: Instance) => string;
  prepare: (context: ServerContext) => Promise<void>;
  /** Launches those of its processes that are not running. */
  start: (context: ServerContext, missing: readonly string[]) => Promise<void>;
  /** `brokers` is the least number that must be there; 1 for a cluster that is not ours. */
  ask: (address: string, brokers: number) => Promise<void>;
}

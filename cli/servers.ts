/**
 * Which servers a command talks to: those that the environment names (`KAFKA_BROKERS`, `SCHEMA_REGISTRY_URL`,
 * `MYSQL_URL`, `REDIS_URL`, `ORDERSTREAM_URL`), and for the rest the local stack's instance that `--name` names.
 */
import path from 'node:path';
import {
  type ConfigOf,
  type Env,
  kafkaFields,
  loadConfig,
  mysqlFields,
  redisFields,
  registryFields,
} from '../services/shared/config/index.ts';
import { instanceDir, readInstance, stackStatus } from '../stack/index.ts';
import { CliError } from './errors.ts';

const fields = { ...kafkaFields, ...registryFields, ...mysqlFields, ...redisFields };

export type Servers = ConfigOf<typeof fields>;

export const DEFAULT_INSTANCE = 'dev';

const VARIABLE_OF_SERVER: Readonly<Record<string, string>> = {
  kafka: 'KAFKA_BROKERS',
  registry: 'SCHEMA_REGISTRY_URL',
  mysql: 'MYSQL_URL',
  redis: 'REDIS_URL',
};

/**
 * The addresses for a command, from `env` first and the instance `name` second.
 * @throws CliError when neither names a server, or when a local server does not answer.
 * @throws AppError CONFIG_INVALID when a variable does not hold.
 */
export async function findServers(name: string, env: Env): Promise<Servers> {
  const missing = Object.values(VARIABLE_OF_SERVER).filter((variable) => !env[variable]);
  const local = missing.length > 0 ? await localAddresses(name, missing) : {};
  return loadConfig({ ...local, ...definedIn(env) }, fields);
}

/** Where `npm start` and the commands keep the signing key of local tokens. */
export function issuerDir(name: string, env: Env): string {
  return env['ORDERSTREAM_ISSUER_DIR'] || path.join(instanceDir(name), 'issuer');
}

/** Base URL of the API. */
export function apiUrl(name: string, env: Env): string {
  const given = env['ORDERSTREAM_URL'];
  if (given) {
    if (!URL.canParse(given)) throw new CliError(`ORDERSTREAM_URL is not a URL: ${given}`);
    return given;
  }
  const instance = readInstance(name);
  if (instance === null) throw noInstance(name, ['ORDERSTREAM_URL']);
  return `http://127.0.0.1:${instance.ports.ingestion}`;
}

async function localAddresses(name: string, missing: string[]): Promise<Record<string, string>> {
  if (readInstance(name) === null) throw noInstance(name, missing);
  const rows = (await stackStatus(name)).filter((row) =>
    missing.includes(VARIABLE_OF_SERVER[row.server] ?? ''),
  );
  const away = rows.filter((row) => !row.answers);
  // Redis is only a cache; no command of ours needs it to answer.
  if (away.some((row) => row.server !== 'redis')) {
    throw new CliError(
      `the local instance "${name}" is not running (${away.map((row) => row.server).join(', ')} does not answer); start it with \`orderstream stack up --name ${name}\` or \`npm start\``,
    );
  }
  return Object.fromEntries(rows.map((row) => [VARIABLE_OF_SERVER[row.server] ?? row.server, row.address]));
}

function noInstance(name: string, missing: string[]): CliError {
  return new CliError(
    `there is no local instance "${name}"; start one with \`orderstream stack up --name ${name}\`, or set ${missing.join(', ')}`,
  );
}

function definedIn(env: Env): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
    ),
  );
}

/**
 * Finds the servers of a command. Addresses come from the environment (`KAFKA_BROKERS`, `SCHEMA_REGISTRY_URL`,
 * `MYSQL_URL`, `REDIS_URL`, `ORDERSTREAM_URL`), and the others from the local instance `--name`. As for services,
 * `MYSQL_URL_FILE` and the like name a file instead.
 */
import path from 'node:path';
import {
  type ConfigOf,
  type Env,
  type Field,
  isGiven,
  kafkaFields,
  loadConfig,
  mysqlFields,
  redisFields,
  registryFields,
  withoutPassword,
} from '../services/shared/config/index.ts';
import { CliError } from './errors.ts';
import { hasLocalServers, localServers, readInstance } from './local-instance.ts';

const groups = { kafka: kafkaFields, registry: registryFields, mysql: mysqlFields, redis: redisFields };

export type ServerName = keyof typeof groups;

type AllOf<U> = (U extends unknown ? (part: U) => void : never) extends (part: infer I) => void ? I : never;
type ConfigOfServer<N> = N extends ServerName ? ConfigOf<(typeof groups)[N]> : never;
/** The settings of the servers `N`, together. */
export type ServerConfig<N extends ServerName> = AllOf<ConfigOfServer<N>>;

export const DEFAULT_INSTANCE = 'dev';

/** The setting with the address of each server. */
const addressFields: Readonly<Record<ServerName, Pick<Field<unknown>, 'env' | 'fromFile'>>> = {
  kafka: kafkaFields.kafkaBrokers,
  registry: registryFields.schemaRegistryUrl,
  mysql: mysqlFields.mysqlUrl,
  redis: redisFields.redisUrl,
};

/**
 * The addresses of the servers that a command needs, first from `env`, then from the instance `name`.
 * @throws CliError if neither has the address of a server, or if a local server does not respond.
 * @throws AppError CONFIG_INVALID if a variable is invalid.
 */
export async function findServers<N extends ServerName>(
  name: string,
  env: Env,
  needed: readonly N[],
): Promise<ServerConfig<N>> {
  const missing = needed.filter((server) => !isGiven(env, addressFields[server]));
  const local = missing.length > 0 ? await localAddresses(name, missing) : {};
  const fields = Object.assign({}, ...needed.map((server) => groups[server]));
  return loadConfig({ ...local, ...definedIn(env) }, fields) as ServerConfig<N>;
}

/** `env`, with the value of the local instance for a setting that it does not give. */
export function withLocal(
  env: Env,
  field: Pick<Field<unknown>, 'env' | 'fromFile'>,
  local: () => string | undefined,
): Env {
  return isGiven(env, field) ? env : { [field.env]: local() };
}

/**
 * The folder with the signing key of local tokens, shared with `npm start`. @throws CliError if there is no
 * such instance.
 */
export function issuerDir(name: string, env: Env): string {
  const given = env['ORDERSTREAM_ISSUER_DIR'];
  if (given) return given;
  // A key for a mistyped name would sign tokens that no service accepts.
  if (readInstance(name) === null) throw noInstance(name, ['ORDERSTREAM_TOKEN']);
  return path.join(localServers().instanceDir(name), 'issuer');
}

/** Base URL of the API. */
export function apiUrl(name: string, env: Env): string {
  const given = env['ORDERSTREAM_URL'];
  if (given) {
    if (!URL.canParse(given)) throw new CliError(`ORDERSTREAM_URL is not a URL: ${withoutPassword(given)}`);
    return given;
  }
  const instance = readInstance(name);
  if (instance === null) throw noInstance(name, ['ORDERSTREAM_URL']);
  return `http://127.0.0.1:${instance.ports.ingestion}`;
}

async function localAddresses(name: string, missing: ServerName[]): Promise<Record<string, string>> {
  if (readInstance(name) === null)
    throw noInstance(
      name,
      missing.map((server) => addressFields[server].env),
    );
  const rows = await localServers().stackStatus(name);
  const addresses: Record<string, string> = {};
  for (const server of missing) {
    const row = rows.find((candidate) => candidate.server === server);
    if (row?.answers !== true) {
      throw new CliError(
        `the ${server} server of the local instance "${name}" does not answer; start it with \`orderstream stack up --name ${name}\` or \`npm start\``,
      );
    }
    addresses[addressFields[server].env] = row.address;
  }
  return addresses;
}

function noInstance(name: string, missing: string[]): CliError {
  if (!hasLocalServers)
    return new CliError(`this installation has no local servers; set ${missing.join(', ')}`);
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

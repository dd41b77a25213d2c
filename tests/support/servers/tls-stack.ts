/** The four servers of the product with TLS and logins. All certificates are of one authority. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { createLocalIssuer, type LocalIssuer } from '../../../services/shared/auth/index.ts';
import { findTlsRedis } from '../../../stack/downloads/redis-tls.ts';
import { stackReset, stackUp } from '../../../stack/index.ts';
import { isMissing, type Missing } from '../programs/missing.ts';
import { plantedSecret } from '../records/planted.ts';
import { type Authority, type Certificate, createAuthority } from './certificates.ts';
import { freePort } from './free-port.ts';
import { connectAsRoot } from './own-mysql.ts';
import { unique } from './stack.ts';
import { kafkaExtras } from './tls-kafka.ts';

/** A name that each certificate of `foreign` has instead of localhost. */
const otherHost = 'db.example.com';
const user = 'shop';
const password = `${plantedSecret}:@/%`;

export interface TlsStack {
  readonly authority: Authority;
  /** Another authority, which no server trusts. */
  readonly stranger: Authority;
  readonly certificates: {
    readonly own: Certificate;
    readonly foreign: Certificate;
    readonly expired: Certificate;
    /** Of a client named `shop`. */
    readonly client: Certificate;
  };
  readonly user: string;
  readonly password: string;
  /** Signs tokens that the brokers accept. */
  readonly issuer: LocalIssuer;
  /** Addresses of the listeners of the broker. `open` has neither TLS nor login. */
  readonly brokers: {
    readonly open: string;
    /** TLS with client certificates. */
    readonly mutual: string;
    /** TLS with SASL. */
    readonly login: string;
    readonly foreign: string;
    readonly expired: string;
  };
  /** Ports that speak TLS. (The database has one port for both.) */
  readonly ports: { readonly redis: number; readonly registry: number };
  /** URLs without TLS, for the test itself. */
  readonly open: { readonly mysqlUrl: string; readonly registryUrl: string; readonly redisUrl: string };
  readonly root: Connection;
  /** The database presents this certificate to new connections. */
  presentMysql(certificate: Certificate): Promise<void>;
  /** Redis presents this certificate to new connections, and requires client certificates or not. */
  presentRedis(certificate: Certificate, requiresClient: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Starts separate servers. Without a Redis that has TLS, it starts none. */
export async function startTlsStack(room: string): Promise<TlsStack | Missing> {
  const redis = await findTlsRedis({ tell: () => undefined, signal: new AbortController().signal }).catch(
    ({ message }: Error): Missing => ({ missing: message }),
  );
  if (isMissing(redis)) return redis;
  const dir = await mkdtemp(path.join(tmpdir(), `os-${room}-`));
  const [authority, stranger] = await Promise.all([createAuthority(dir), createAuthority(dir, 'stranger')]);
  const [own, foreign, expired, client, issuer] = await Promise.all([
    authority.issue('localhost'),
    authority.issue(otherHost),
    authority.issue('localhost', { isExpired: true }),
    authority.issue(user),
    createLocalIssuer(path.join(dir, 'issuer')),
  ]);
  const certificates = { own, foreign, expired, client };
  const served = { cert: path.join(dir, 'mysql.pem'), key: path.join(dir, 'mysql.key') };
  await install(own, served);
  const ports = await freePorts(['mutual', 'login', 'foreign', 'expired', 'redis', 'registry']);
  const name = unique(`t-${room}-`);
  const stack = await stackUp({
    name,
    mysqlPoolMb: 64,
    env: {},
    lockWaitMs: 30_000,
    extras: {
      kafka: await kafkaExtras({ dir, authority, certificates, issuer, user, password }, ports),
      mysql: mysqlLines(served, authority.ca),
      redis: { ...redis, args: redisArgs(ports.redis, own, authority.ca) },
      registry: registryEnv(ports.registry, own),
    },
  });
  const root = await connectAsRoot(
    Object.assign(new URL(stack.mysqlUrl), { username: 'root', pathname: '/' }),
  );
  const redisAdmin = new Redis(stack.redisUrl);
  await redisAdmin.call('ACL', 'SETUSER', user, 'on', `>${password}`, '~*', '&*', '+@all');
  const at = (port: number) => `localhost:${port}`;
  return {
    ...{ authority, stranger, certificates, user, password, issuer, root },
    brokers: {
      open: stack.kafkaBrokers,
      mutual: at(ports.mutual),
      login: at(ports.login),
      foreign: at(ports.foreign),
      expired: at(ports.expired),
    },
    ports,
    open: { mysqlUrl: stack.mysqlUrl, registryUrl: stack.schemaRegistryUrl, redisUrl: stack.redisUrl },
    async presentMysql(certificate) {
      await install(certificate, served);
      const [rows] = await root.query<RowDataPacket[]>('SELECT VERSION() AS version');
      const isMariadb = /mariadb/i.test(rows[0]!['version']);
      await root.query(isMariadb ? 'FLUSH SSL' : 'ALTER INSTANCE RELOAD TLS');
    },
    async presentRedis({ cert, key }, requiresClient) {
      const clients = requiresClient ? 'yes' : 'optional';
      await redisAdmin.config('SET', 'tls-cert-file', cert, 'tls-key-file', key, 'tls-auth-clients', clients);
    },
    async close() {
      root.destroy();
      redisAdmin.disconnect();
      await stackReset(name);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function mysqlLines({ cert, key }: Certificate, ca: string): string[] {
  return ['loose-ssl=1', `ssl-cert="${cert}"`, `ssl-key="${key}"`, `ssl-ca="${ca}"`];
}

function redisArgs(port: number, { cert, key }: Certificate, ca: string): string[] {
  const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', ca];
  return ['--tls-port', String(port), ...files, '--tls-auth-clients', 'optional'];
}

function registryEnv(port: number, { cert, key }: Certificate): Record<string, string> {
  return {
    QUARKUS_HTTP_SSL_PORT: String(port),
    QUARKUS_HTTP_SSL_CERTIFICATE_FILES: cert,
    QUARKUS_HTTP_SSL_CERTIFICATE_KEY_FILES: key,
    // The stack itself asks without TLS.
    QUARKUS_HTTP_INSECURE_REQUESTS: 'enabled',
  };
}

async function install({ cert, key }: Certificate, to: Certificate): Promise<void> {
  await Promise.all([copyFile(cert, to.cert), copyFile(key, to.key)]);
}

async function freePorts<const N extends string>(names: readonly N[]): Promise<Record<N, number>> {
  const ports = new Set<number>();
  while (ports.size < names.length) ports.add(await freePort());
  return Object.fromEntries(names.map((each, index) => [each, [...ports][index]!])) as Record<N, number>;
}

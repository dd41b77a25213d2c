/**
 * Topics, a database, ingestion and a worker for this bench only, on the local stack. The bench deletes them at the
 * end.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLocalIssuer, type LocalIssuer } from '../../services/shared/auth/index.ts';
import { createMysql } from '../../services/shared/mysql/index.ts';
import { makeKey } from '../../services/shared/secrets/index.ts';
import type { Load } from '../client/job.ts';
import { openTopics } from '../frame/own-topics.ts';
import { type ServiceProcess, startService } from '../frame/service-process.ts';
import type { BenchStack } from '../frame/stack.ts';
import { skuCount } from '../store/order-stream.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { startSlowProxy } from './slow-proxy.ts';

export interface WorldOptions {
  /** Prefix of topics and name of the database. */
  readonly name: string;
  /** Delay of the responses of the database to the worker, in ms. */
  readonly databaseDelayMs?: number;
  readonly workerEnv?: Readonly<Record<string, string>>;
  /** The environment of each instance of ingestion. */
  readonly ingestionEnvs: readonly Readonly<Record<string, string>>[];
  /** Number of customers with a token. */
  readonly customers?: number;
}

export interface World {
  /** The input with which a generator can load an instance of ingestion, apart from its job. */
  load(instance?: number): Omit<Load, 'keyPrefix' | 'warmUpMs' | 'measureMs'>;
  /** Host and port of the gRPC API of the first instance. */
  readonly grpcTarget: Load['target'];
  readonly ledger: Ledger;
  /** Environment of any service in this world. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts the worker if it does not run. Waits until the worker has processed the backlog. */
  startWorker(): Promise<void>;
  stopWorker(): Promise<void>;
  close(): Promise<void>;
}

const customersDefault = 16;
const tokenSeconds = 7_200;

export async function openWorld({ info, pids }: BenchStack, options: WorldOptions): Promise<World> {
  const own = await openTopics(info, `http-${options.name}`);
  const dir = await mkdtemp(path.join(tmpdir(), 'bench-http-'));
  const issuer = await createLocalIssuer(dir);
  const { env, admin, log, mysqlUrl } = own;
  const ingestionEnv = {
    ...env,
    PORT: '0',
    GRPC_PORT: '0',
    TICKET_SECRET: 'the secret of the bench',
    WEBHOOK_SECRET_KEYS: makeKey('k1'),
    JWKS: issuer.jwksPath,
    RATE_ORDERS_PER_SECOND: '1000000',
    RATE_BURST_ORDERS: '1000000',
    // The idle streams belong to one customer. A customer may use half of the free slots.
    WAITERS_MAX: '24000',
  };
  const slow = await slowDatabase(mysqlUrl, options.databaseDelayMs);
  const workerEnv = { ...env, MYSQL_URL: slow.url, INSTANCE_ID: 'bench', ...options.workerEnv };
  const ingestions = await Promise.all(
    options.ingestionEnvs.map((own, index) => {
      const instance = { INSTANCE_ID: `bench-${options.name}-${index}` };
      return startService('ingestion', { ...ingestionEnv, ...instance, ...own }, 'the API is listening');
    }),
  );
  const tokens = await signTokens(issuer, options.customers ?? customersDefault);
  const mysql = createMysql({ url: mysqlUrl, log, poolSize: 2, queryTimeoutMs: 30_000 });
  const ledger = createLedger({ admin, mysql });
  let worker: ServiceProcess | null = null;
  const stopWorker = async (): Promise<void> => {
    await worker?.stop();
    worker = null;
  };
  return {
    load(instance = 0) {
      const { pid, line } = ingestions[instance]!;
      const { hostname, port } = new URL(String(line['url']));
      return {
        target: { host: hostname, port: Number(port) },
        tokens,
        skuCount,
        servicePid: pid,
        pids: { ingestion: pid, worker: worker?.pid ?? null, ...pids },
      };
    },
    grpcTarget: grpcTargetOf(ingestions[0]!),
    ledger,
    env,
    async startWorker() {
      worker ??= await startService('worker', workerEnv, 'worker is ready');
      await ledger.quiesce();
    },
    stopWorker,
    async close() {
      await Promise.all(ingestions.map((ingestion) => ingestion.stop()));
      await stopWorker();
      slow.close();
      await mysql.close();
      await own.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function grpcTargetOf({ line }: ServiceProcess): Load['target'] {
  const { hostname, port } = new URL(`grpc://${String(line['grpc'])}`);
  return { host: hostname, port: Number(port) };
}

function signTokens(issuer: LocalIssuer, count: number): Promise<string[]> {
  const scopes = ['orders:write', 'orders:read'];
  return Promise.all(
    Array.from({ length: count }, (_, index) =>
      issuer.sign({ customerId: `customer-${index}`, scopes, ttlSeconds: tokenSeconds }),
    ),
  );
}

/** The URL of the database, either direct or through a proxy with a delay. */
async function slowDatabase(
  url: string,
  delayMs: number | undefined,
): Promise<{ url: string; close(): void }> {
  if (delayMs === undefined) return { url, close: () => undefined };
  const database = new URL(url);
  const proxy = await startSlowProxy({ host: database.hostname, port: Number(database.port) }, delayMs);
  database.port = String(proxy.port);
  return { url: database.href, close: proxy.close };
}

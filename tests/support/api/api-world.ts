import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createOrderstreamClient, type OrderstreamClient } from '../../../cli/client/index.ts';
import { ingestionFields } from '../../../services/ingestion/config.ts';
import { type Ingestion, startIngestion } from '../../../services/ingestion/service.ts';
import { createLocalIssuer, type LocalIssuer } from '../../../services/shared/auth/index.ts';
import { type Arena, createArena } from '../arena/arena.ts';
import { startTcpProxy, type TcpProxy } from '../faults/tcp-proxy.ts';
import { startInProcess } from '../records/subscribers.ts';
import { testStack } from '../servers/stack.ts';
import { apiEnv } from './api-env.ts';

export { orderOf, placeHeaders } from './api-env.ts';

/** The API on the real servers, with a worker and a switch in front of Redis. */
export interface ApiWorld {
  readonly arena: Arena;
  readonly issuer: LocalIssuer;
  readonly redis: TcpProxy;
  /** Environment of an ingestion process in this world. */
  readonly env: Readonly<Record<string, string>>;
  token(customerId: string, scopes?: readonly string[]): Promise<string>;
  /** Starts one more ingestion in this process. It stops with the world, or earlier. */
  startApi(env?: Record<string, string>): Promise<Ingestion>;
  /** A typed client of an ingestion for one customer. */
  clientOf(api: Pick<Ingestion, 'url'>, customerId: string, scopes?: readonly string[]): OrderstreamClient;
  close(): Promise<void>;
}

const stockOfEach = 1_000_000;
/** Limit of a client's request in tests. Hundreds of concurrent requests take long on a busy machine. */
const timeoutMs = 60_000;

/** Servers in `options` are used in place of the servers of the tests. */
export async function openApiWorld(options: {
  topicPrefix: string;
  mysqlUrl: string;
  kafkaBrokers?: string;
  schemaRegistryUrl?: string;
  redisUrl?: string;
}): Promise<ApiWorld> {
  const servers = { ...testStack(), ...options };
  const { hostname, port } = new URL(servers.redisUrl);
  const redis = await startTcpProxy({ host: hostname, port: Number(port) });
  const redisUrl = `redis://127.0.0.1:${redis.port}`;
  const stock = new Map(['SKU-1', 'SKU-2', 'SKU-3'].map((sku) => [sku, stockOfEach] as const));
  const arena = await createArena({ ...servers, stock });
  const dir = await mkdtemp(path.join(tmpdir(), 'api-world-'));
  const issuer = await createLocalIssuer(dir);
  const running = new Set<Ingestion>();
  const env = { ...apiEnv(arena, issuer), REDIS_URL: redisUrl };
  const token = (customerId: string, scopes: readonly string[] = ['orders:write', 'orders:read']) =>
    issuer.sign({ customerId, scopes });
  return {
    arena,
    issuer,
    redis,
    env,
    token,
    async startApi(more = {}) {
      let api: Ingestion | undefined;
      const started = await startInProcess(ingestionFields, { ...env, ...more }, async (context) => {
        api = await startIngestion(context);
        return api;
      });
      const { url, grpcAddress } = api!;
      const stoppable = {
        url,
        grpcAddress,
        async stop() {
          if (running.delete(stoppable)) await started.stop();
        },
      };
      running.add(stoppable);
      return stoppable;
    },
    clientOf: ({ url }, customerId, scopes) =>
      createOrderstreamClient({ baseUrl: url, token: () => token(customerId, scopes), timeoutMs }),
    async close() {
      await Promise.all([...running].map((api) => api.stop()));
      await arena.close();
      await redis.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

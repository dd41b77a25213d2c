/** Scenarios with orders over HTTP. Their clients repeat each request until they get an answer. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createOrderstreamClient } from '../../../cli/client/index.ts';
import { createLocalIssuer } from '../../../services/shared/auth/index.ts';
import { sleep } from '../../../services/shared/retry/index.ts';
import { stackStatus, stackUp } from '../../../stack/index.ts';
import { apiEnv, orderOf, placeHeaders } from '../../support/api/api-env.ts';
import { type ApiProcess, spawnApi } from '../../support/api/api-process.ts';
import { type ChaosArena, plentySkus } from '../chaos-arena.ts';
import type { Figures } from '../figures.ts';

const clients = 30;
const rounds = 6;
/** Maximum time from SIGTERM to the end of the process. */
const stopMsMax = 5_000;
const brokerDownMs = 4_000;
const betweenMs = 3_000;
const retryMs = 50;
const requestMsMax = 15_000;

/** Each key and every id that was ever returned for it. */
interface Submitted {
  readonly key: string;
  readonly ids: Set<string>;
  tries: number;
}

interface Clients {
  readonly orders: readonly Submitted[];
  /** Ends when every order has been accepted. */
  stop(): Promise<void>;
}

interface Api {
  current: ApiProcess;
  start(): Promise<ApiProcess>;
  close(): Promise<void>;
  place(order: Submitted): Promise<boolean>;
}

/** The three brokers are killed and restarted one after the other, under load. */
export async function brokerKilled(chaos: ChaosArena): Promise<Figures> {
  return withLoad(chaos, async () => {
    for (let round = 0; round < rounds; round++) {
      await sleep(betweenMs);
      const kafka = (await stackStatus(chaos.stack.name)).find(({ server }) => server === 'kafka');
      process.kill(kafka!.pids[round % 3]!, 'SIGKILL');
      await sleep(brokerDownMs);
      await stackUp({ name: chaos.stack.name });
    }
    return { killed: rounds };
  });
}

/** Ingestion processes are stopped by a signal one after the other, during requests of their clients. */
export async function ingestionEnded(chaos: ChaosArena, signal: 'SIGKILL' | 'SIGTERM'): Promise<Figures> {
  let slowestMs = 0;
  const codes = new Set<number | null>();
  const figures = await withLoad(chaos, async (api) => {
    for (let round = 0; round < rounds; round++) {
      await sleep(betweenMs);
      const old = api.current;
      api.current = await api.start();
      const startedMs = performance.now();
      codes.add(await old.end(signal));
      slowestMs = Math.max(slowestMs, Math.round(performance.now() - startedMs));
    }
    return { ended: rounds };
  });
  if (signal === 'SIGTERM' && slowestMs > stopMsMax) figures.problems.push(`a stop took ${slowestMs} ms`);
  if (signal === 'SIGTERM' && [...codes].some((code) => code !== 0))
    figures.problems.push(`exit codes ${[...codes]}`);
  return { ...figures, seen: { ...figures.seen, slowestMs } };
}

async function withLoad(
  chaos: ChaosArena,
  hurt: (api: Api) => Promise<Record<string, unknown>>,
): Promise<Figures> {
  const { arena } = chaos;
  const workers = await Promise.all([arena.startWorker(), arena.startWorker()]);
  const api = await openApi(chaos);
  try {
    const load = startClients(api);
    const seen = await hurt(api);
    await load.stop();
    // Once all works again, every client repeats its request. The answer must be the same.
    await Promise.all(load.orders.map((order) => api.place(order)));
    await arena.quiesce(120_000);
    const exits = await Promise.all(workers.map((worker) => worker.stop()));
    const tries = load.orders.reduce((sum, order) => sum + order.tries, 0);
    const problems = [
      ...(await unlike(chaos, load.orders)),
      ...exits.filter(({ code }) => code !== 0).map((exit) => JSON.stringify(exit)),
    ];
    return { seen: { ...seen, orders: load.orders.length, tries }, problems };
  } finally {
    await api.close();
  }
}

/** Keys with more than one id, and orders that do not exist exactly once. */
async function unlike({ arena }: ChaosArena, orders: readonly Submitted[]): Promise<string[]> {
  const rows = await arena.mysql.pool.rows<{ k: string; id: string; n: number }>(
    'SELECT idempotency_key AS k, LOWER(HEX(MIN(order_id))) AS id, COUNT(*) AS n FROM orders GROUP BY idempotency_key',
  );
  const byKey = new Map(rows.map((row) => [row.k, row]));
  const wrong = orders.filter(({ key, ids }) => {
    const row = byKey.get(key);
    return ids.size !== 1 || row?.n !== 1 || row.id !== [...ids][0]!.replaceAll('-', '');
  });
  const extra = rows.length - orders.length;
  return [
    ...wrong
      .slice(0, 5)
      .map(({ key, ids }) => `${key} was answered with ${ids.size} ids, rows ${byKey.get(key)?.n}`),
    ...(extra === 0 ? [] : [`${extra} orders that nobody placed`]),
  ];
}

async function openApi({ arena }: ChaosArena): Promise<Api> {
  const dir = await mkdtemp(path.join(tmpdir(), 'chaos-api-'));
  const issuer = await createLocalIssuer(dir);
  const env = apiEnv(arena, issuer);
  const started: ApiProcess[] = [];
  const start = async () => {
    const process = await spawnApi({ ...env, INSTANCE_ID: `api-${started.length}` });
    started.push(process);
    return process;
  };
  const token = await issuer.sign({ customerId: 'c1', scopes: ['orders:write', 'orders:read'] });
  const api: Api = {
    current: await start(),
    start,
    async place(order) {
      order.tries += 1;
      const client = createOrderstreamClient({
        baseUrl: api.current.url,
        token: () => token,
        timeoutMs: requestMsMax,
      });
      const body = orderOf(1, plentySkus[order.key.length % plentySkus.length]);
      try {
        const { data, response } = await client.POST('/v1/orders', { params: placeHeaders(order.key), body });
        if (data !== undefined) order.ids.add(data.id);
        else if (response.status < 500) throw new Error(`${order.key} was refused: ${response.status}`);
        return data !== undefined;
      } catch (error) {
        if (error instanceof Error && error.message.includes('was refused')) throw error;
        // Without an answer the result is unknown, so the client may send the same request again.
        return false;
      }
    },
    async close() {
      await Promise.all(started.map((process) => process.end('SIGTERM')));
      await rm(dir, { recursive: true, force: true });
    },
  };
  return api;
}

function startClients(api: Api): Clients {
  const orders: Submitted[] = [];
  let stopped = false;
  const loops = Array.from({ length: clients }, async () => {
    while (!stopped) {
      const order: Submitted = { key: `chaos-${orders.length}`, ids: new Set(), tries: 0 };
      orders.push(order);
      while (!(await api.place(order))) await sleep(retryMs);
    }
  });
  return {
    orders,
    async stop() {
      stopped = true;
      await Promise.all(loops);
    },
  };
}

/**
 * The design of the product, with every service: ingestion, two workers, notification, reconciliation and projector.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { makeKey } from '../../services/shared/secrets/index.ts';
import { workerProcessEnv } from '../../services/worker/process-env.ts';
import { EVENTS, GROUPS } from '../../topics/index.ts';
import type { OwnTopics } from '../frame/own-topics.ts';
import { type ServiceProcess, startService } from '../frame/service-process.ts';
import type { Design, RunningDesign } from './design.ts';
import { startTraceSink, type TraceSink } from './trace-sink.ts';

/** The processes that only read outcomes. */
const subscribers = ['notification', 'reconciliation', 'projector'] as const;
const workers = ['worker-1', 'worker-2'] as const;
const followingGroups = [GROUPS.notification, GROUPS.reconciliation, GROUPS.projector];
const settleDeadlineMs = 90_000;
const pollMs = 100;

/** The bench measures capacity, so no limit may refuse an order. */
const patient = {
  RATE_ORDERS_PER_SECOND: '1000000',
  RATE_BURST_ORDERS: '1000000',
  LAG_LIMIT_MS: '1h',
  LOOP_DELAY_LIMIT_MS: '10s',
  PRODUCE_AGE_LIMIT_MS: '10s',
};

export function productDesign(own: OwnTopics, jwks: string): Design {
  return { name: 'ours', own, start: () => start(own, jwks) };
}

/** The same with traces: 1 % of the orders are recorded, and their spans are sent. Topics and tables are the same. */
export function tracedProductDesign(own: OwnTopics, jwks: string): Design {
  return { name: 'ours/traces', own, start: () => startTraced(own, jwks) };
}

async function startTraced(own: OwnTopics, jwks: string): Promise<RunningDesign> {
  const sink = await startTraceSink();
  const running = await start(own, jwks, sink);
  return {
    ...running,
    async stop() {
      await running.stop();
      const sent = sink.bytes();
      await sink.close();
      if (sent === 0) throw new Error('the traced design has sent no spans');
    },
  };
}

async function start(own: OwnTopics, jwks: string, sink?: TraceSink): Promise<RunningDesign> {
  const webhookKeys = { WEBHOOK_SECRET_KEYS: makeKey('k1') };
  const ingestionEnv = {
    PORT: '0',
    GRPC_PORT: '0',
    TICKET_SECRET: 'the secret of the bench',
    JWKS: jwks,
    ...patient,
  };
  const run = (name: string, service: string, env: Record<string, string>, message: string) =>
    startService(
      service,
      { ...own.env, INSTANCE_ID: `bench-${name}`, ...webhookKeys, ...env, ...traceEnv(service, sink) },
      message,
    );
  const [ingestion, ...others] = await Promise.all([
    run('ingestion', 'ingestion', ingestionEnv, 'the API is listening'),
    ...workers.map((name) => run(name, 'worker', {}, 'worker is ready')),
    ...subscribers.map((name) => run(name, name, {}, `${name} is ready`)),
  ]);
  const names = [...workers, ...subscribers];
  const { hostname, port } = new URL(String(ingestion.line['url']));
  return {
    target: { host: hostname, port: Number(port) },
    pids: {
      ingestion: ingestion.pid,
      ...Object.fromEntries(names.map((name, index) => [name, others[index]!.pid])),
    },
    adminPorts: [ingestion, ...others].flatMap(({ adminPort }) => (adminPort === null ? [] : [adminPort])),
    freezeSubscribers: () => freeze(others.slice(workers.length)),
    settle: () => settle(own),
    async stop() {
      await ingestion.stop();
      await stopAll(others.slice(0, workers.length));
      await stopAll(others.slice(workers.length));
    },
  };
}

/** A worker keeps its own options of Node. */
function traceEnv(service: string, sink: TraceSink | undefined): Record<string, string> {
  if (sink === undefined) return {};
  const own = service === 'worker' ? `${workerProcessEnv.NODE_OPTIONS} ` : '';
  return { ...sink.env, NODE_OPTIONS: own + sink.nodeOption };
}

function freeze(processes: readonly ServiceProcess[]): () => void {
  const signalAll = (signal: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const { pid } of processes) process.kill(pid, signal);
  };
  const thaw = (): void => {
    process.off('exit', thaw);
    signalAll('SIGCONT');
  };
  // An interrupted bench must not leave frozen processes behind.
  process.on('exit', thaw);
  signalAll('SIGSTOP');
  return thaw;
}

/** Waits until every subscriber has committed the end of the outcomes. */
async function settle({ admin }: OwnTopics): Promise<void> {
  const untilMs = performance.now() + settleDeadlineMs;
  for (;;) {
    const ends = await admin.endOffsets(EVENTS);
    const lags = await Promise.all(
      followingGroups.map(async (group) => {
        const reached = await admin.groupOffsets(group, EVENTS);
        return [...ends].reduce(
          (sum, [partition, { high }]) => sum + Number(high - (reached.get(partition) ?? 0n)),
          0,
        );
      }),
    );
    if (lags.every((lag) => lag === 0)) return;
    if (performance.now() > untilMs) throw new Error(`the subscribers lag by ${lags.join(', ')} outcomes`);
    await sleep(pollMs);
  }
}

async function stopAll(processes: readonly ServiceProcess[]): Promise<void> {
  await Promise.all(processes.map((process) => process.stop()));
}

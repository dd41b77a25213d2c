/** The well-behaved caller. It places and lists orders at a fixed rate, and measures the latency. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, openConnection } from '../client/connection.ts';
import type { Target } from '../client/job.ts';
import type { Sample } from '../frame/types.ts';
import { place } from './ways.ts';

export interface ModestRun {
  readonly target: Target;
  readonly token: string;
  readonly keyPrefix: string;
  readonly measureMs: number;
  readonly warmUpMs: number;
}

const connectionCount = 8;
/** Time between two requests. The caller places and lists in turn. */
const everyMs = 25;
const drainMs = 10_000;

/**
 * Runs the caller. Latencies count from the due time of a request. Rejects if a request is refused or gets no
 * response.
 */
export async function runModest(run: ModestRun): Promise<Sample> {
  const latencies: number[] = [];
  const state = { problem: null as string | null, open: 0 };
  const idle: (Connection & { due: (() => number) | null })[] = [];
  const connections = await Promise.all(
    Array.from({ length: connectionCount }, () => openModest(run.target, latencies, state, idle)),
  );
  const startMs = performance.now();
  const endMs = startMs + run.warmUpMs + run.measureMs;
  const waiting: number[] = [];
  for (let n = 0; performance.now() < endMs && state.problem === null; n++) {
    const dueMs = startMs + n * everyMs;
    await sleep(Math.max(0, dueMs - performance.now()));
    waiting.push(dueMs);
    // The connections send in turn, because the server closes a connection without requests after some seconds.
    while (waiting.length > 0 && idle.length > 0) ask(idle.shift()!, waiting.shift()!, n);
  }
  const drainUntilMs = performance.now() + drainMs;
  while (state.open > 0 && performance.now() < drainUntilMs) await sleep(2);
  for (const connection of connections) connection.close();
  if (state.problem !== null) throw new Error(state.problem);
  if (state.open > 0) throw new Error(`${state.open} requests had no answer`);
  return sampleOf(latencies, run.measureMs / 1000);

  function ask(connection: Connection & { due: (() => number) | null }, dueMs: number, n: number): void {
    const isMeasured = dueMs >= startMs + run.warmUpMs;
    connection.due = () => (isMeasured ? dueMs : Number.NaN);
    state.open++;
    const list = `GET /v1/orders?limit=20 HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${run.token}\r\n\r\n`;
    connection.send(Buffer.from(n % 2 === 0 ? place(run.token, `${run.keyPrefix}${n}`) : list));
  }
}

type ModestConnection = Connection & { due: (() => number) | null };

async function openModest(
  target: Target,
  latencies: number[],
  state: { problem: string | null; open: number },
  idle: ModestConnection[],
): Promise<ModestConnection> {
  const own: { connection: ModestConnection | null } = { connection: null };
  const connection = await openConnection(target, {
    onAnswer({ status, body }) {
      const due = own.connection?.due ?? null;
      if (due === null) {
        state.problem ??= `an idle connection received ${status}: ${body.slice(0, 200)}`;
        return;
      }
      own.connection!.due = null;
      state.open--;
      const dueMs = due();
      if (!Number.isNaN(dueMs)) latencies.push(performance.now() - dueMs);
      if (status >= 300) state.problem ??= `the well-behaved caller got ${status}: ${body.slice(0, 200)}`;
      idle.push(own.connection!);
    },
    onBroken(reason) {
      state.problem ??= reason;
    },
  });
  own.connection = Object.assign(connection, { due: null });
  idle.push(own.connection);
  return own.connection;
}

/** Makes a sample from the latencies of many requests. */
export function sampleOf(latencies: readonly number[], seconds: number): Sample {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  const rssMb = process.memoryUsage.rss() / 1e6;
  return { orders: sorted.length, seconds, cpuUs: {}, p50Ms: at(0.5), p99Ms: at(0.99), batch: 1, rssMb };
}

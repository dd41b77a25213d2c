/** Measures the rate at which one notification process turns outcomes into delivery rows. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadCodecs } from '../../services/shared/codec/index.ts';
import { createAccumulator } from '../../services/shared/kafka/index.ts';
import { noMetrics } from '../../services/shared/metrics/index.ts';
import type { StackInfo } from '../../stack/index.ts';
import { EVENTS, PARTITIONS } from '../../topics/index.ts';
import { rssBytes } from '../client/recorder.ts';
import { processCpuUs } from '../frame/cpu.ts';
import { type OwnTopics, openTopics } from '../frame/own-topics.ts';
import { startService } from '../frame/service-process.ts';
import type { RunResult } from '../frame/types.ts';
import { type Connection, connect } from '../reference/connect.ts';
import { countRows, countStored, replaceEndpoints } from './deliveries.ts';
import { acceptedAt } from './outcomes.ts';
import { openReceivers, type Receivers } from './receivers.ts';

const pollMs = 20;
const deadlineMs = 120_000;
const sendMax = 500;
/** Fraction of the events before the measurement starts. Meanwhile the process compiles its code. */
const warmShare = 0.25;
const endpointId = 'bench-all';

export interface RowsJob {
  readonly events: number;
  /** Whether the receiver responds. Otherwise it hangs, so that the sender is idle after its first posts. */
  readonly posts: boolean;
  readonly databasePid: number | null;
}

/** Measures the rate and the CPU time per row, or per delivered row. */
export async function runRows(stack: StackInfo, job: RowsJob): Promise<RunResult> {
  const own = await openTopics(stack, job.posts ? 'subscribers-posts' : 'subscribers-rows');
  const receivers = await openReceivers(1);
  const connection = await connect(own.env['MYSQL_URL']!);
  try {
    await replaceEndpoints(connection, [{ id: endpointId, customerId: '*', url: receivers.urls[0]! }]);
    const perPartition = Math.ceil(job.events / PARTITIONS);
    await produceOutcomes(own, perPartition);
    if (!job.posts) receivers.hangFirst(deadlineMs);
    return await measure(own, connection, receivers, { ...job, events: perPartition * PARTITIONS });
  } finally {
    await connection.end();
    await receivers.close();
    await own.close();
  }
}

async function produceOutcomes({ settings, log, env }: OwnTopics, perPartition: number): Promise<void> {
  const { events: codec } = await loadCodecs({ registryUrl: env['SCHEMA_REGISTRY_URL']!, log });
  const accumulator = await createAccumulator({ settings, log, metrics: noMetrics, topics: [EVENTS] });
  for (let first = 0; first < perPartition; first += sendMax) {
    await Promise.all(
      Array.from({ length: PARTITIONS }, (_, partition) => {
        const count = Math.min(sendMax, perPartition - first);
        const events = Array.from({ length: count }, (__, index) => acceptedAt(partition, first + index));
        return accumulator.sendBatch(
          events.map((event) => ({
            topic: EVENTS,
            partition,
            key: Buffer.from(event.orderId!),
            value: codec.encode(event),
            headers: { ce_id: event.eventId },
            // The time must be current, because the broker deletes records that are older than the retention.
            timestampMs: Date.now(),
          })),
        );
      }),
    );
  }
  await accumulator.close(deadlineMs);
}

async function measure(
  own: OwnTopics,
  connection: Connection,
  receivers: Receivers,
  { events, posts, databasePid }: RowsJob,
): Promise<RunResult> {
  const idleSender = { HOST_CONCURRENCY: '1', DELIVERIES_IN_FLIGHT: '1', WEBHOOK_TIMEOUT: '60s' };
  const env = {
    ...own.env,
    WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1',
    ...(posts ? { HOST_CONCURRENCY: '100' } : idleSender),
  };
  const done = posts ? () => countDelivered(connection) : () => countStored(connection);
  const notification = await startService('notification', env, 'notification is ready');
  const look = () => ({
    ms: performance.now(),
    node: processCpuUs(notification.pid) ?? Number.NaN,
    database: processCpuUs(databasePid) ?? Number.NaN,
  });
  try {
    const from = { count: await reach(done, events * warmShare), ...look() };
    await reach(done, events);
    const to = look();
    const problem = await problemOf(connection, receivers, events, posts);
    if (problem !== null) return { ok: false, problem };
    const rows = events - from.count;
    return {
      ok: true,
      sample: {
        orders: rows,
        seconds: (to.ms - from.ms) / 1_000,
        cpuUs: { node: (to.node - from.node) / rows, database: (to.database - from.database) / rows },
        p50Ms: Number.NaN,
        p99Ms: Number.NaN,
        batch: 1,
        rssMb: rssBytes(notification.pid) / 1e6,
      },
    };
  } finally {
    receivers.release();
    await notification.stop();
  }
}

async function countDelivered(connection: Connection): Promise<number> {
  return (await countRows(connection, endpointId)).delivered;
}

async function reach(count: () => Promise<number>, goal: number): Promise<number> {
  const untilMs = performance.now() + deadlineMs;
  for (;;) {
    const reached = await count();
    if (reached >= goal) return reached;
    if (performance.now() > untilMs) throw new Error(`${reached} of ${goal} in ${deadlineMs} ms`);
    await sleep(pollMs);
  }
}

/** Checks that every event has exactly one row. If posts are sent, checks that every post was accepted. */
async function problemOf(
  connection: Connection,
  receivers: Receivers,
  events: number,
  posts: boolean,
): Promise<string | null> {
  const counted = await countRows(connection, endpointId);
  if (counted.rows !== events || counted.events !== events) {
    return `${events} events have ${counted.rows} rows of ${counted.events} events`;
  }
  if (!posts || receivers.arrivals.size === events) return null;
  return `${receivers.arrivals.size} of ${events} events arrived`;
}

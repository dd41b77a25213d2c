/**
 * The process of one run from order to webhook. It opens a receiver for each customer, starts notification, and
 * places orders at a fixed rate. It waits until all orders are delivered. Then it compares accepted, stored and
 * received orders.
 */
import { build } from 'hdr-histogram-js';
import { rssBytes } from '../client/recorder.ts';
import { jobOfChild, sendResult } from '../frame/child.ts';
import { processCpuUs } from '../frame/cpu.ts';
import { startService } from '../frame/service-process.ts';
import type { RunResult } from '../frame/types.ts';
import { connect } from '../reference/connect.ts';
import { replaceEndpoints, waitDelivered } from './deliveries.ts';
import type { DeliverJob } from './job.ts';
import { type Placed, placeOnClock } from './order-clock.ts';
import { openReceivers, type Receivers } from './receivers.ts';

const hangMs = 30_000;
/**
 * Maximum wait for all deliveries. A hanging attempt ends after 15 s. Its host may then be paused for another half a
 * minute.
 */
const deliveredDeadlineMs = 120_000;
const slowestUs = 300_000_000;

await sendResult(await run(jobOfChild<DeliverJob>()).catch(failed));
process.disconnect?.();

async function run(job: DeliverJob): Promise<RunResult> {
  const receivers = await openReceivers(job.tokens.length);
  const connection = await connect(job.env['MYSQL_URL']!);
  await replaceEndpoints(
    connection,
    receivers.urls.map((url, n) => ({ id: `${job.keyPrefix}${n}`, customerId: `customer-${n}`, url })),
  );
  const notification = await startService('notification', job.env, 'the consumer joined its group');
  try {
    const cpu = () => ({ node: processCpuUs(notification.pid), database: processCpuUs(job.databasePid) });
    let before = cpu();
    const { warmUp, measured } = await placeOnClock(job, () => {
      before = cpu();
      if (job.hangs) receivers.hangFirst(hangMs);
    });
    const after = cpu();
    const rssMb = rssBytes(notification.pid) / 1e6;
    receivers.release();
    const problem =
      (await waitDelivered(connection, job.keyPrefix, warmUp.size + measured.size, deliveredDeadlineMs)) ??
      missedOf(new Map([...warmUp, ...measured]), receivers);
    if (problem !== null) return { ok: false, problem };
    const each = (from: number | null, to: number | null) =>
      ((to ?? Number.NaN) - (from ?? 0)) / measured.size;
    return {
      ok: true,
      sample: {
        orders: measured.size,
        seconds: job.measureMs / 1_000,
        cpuUs: { node: each(before.node, after.node), database: each(before.database, after.database) },
        batch: 1,
        rssMb,
        ...latencies(measured, receivers),
      },
    };
  } finally {
    await notification.stop();
    await connection.end();
    await receivers.close();
  }
}

/** The first order that was not delivered with exactly one webhook id, as text, or null. */
function missedOf(placed: Placed, { arrivals }: Receivers): string | null {
  for (const orderId of placed.keys()) {
    const ids = arrivals.get(orderId)?.webhookIds.size ?? 0;
    if (ids !== 1) return `order ${orderId} was delivered with ${ids} ids`;
  }
  return arrivals.size === placed.size ? null : `${arrivals.size} of ${placed.size} orders were delivered`;
}

/** Latencies from the due time of each order, for all receivers, and without the receiver that may hang. */
function latencies(placed: Placed, { arrivals }: Receivers) {
  const all = newHistogram();
  const others = newHistogram();
  let repeats = 0;
  for (const [orderId, dueMs] of placed) {
    const { firstMs, receiver, posts } = arrivals.get(orderId)!;
    const us = Math.min(slowestUs, Math.max(1, Math.round((firstMs - dueMs) * 1_000)));
    all.recordValue(us);
    if (receiver !== 0) others.recordValue(us);
    repeats += posts - 1;
  }
  return {
    p50Ms: all.getValueAtPercentile(50) / 1_000,
    p99Ms: all.getValueAtPercentile(99) / 1_000,
    more: {
      p95Ms: all.getValueAtPercentile(95) / 1_000,
      othersP95Ms: others.getValueAtPercentile(95) / 1_000,
      othersP99Ms: others.getValueAtPercentile(99) / 1_000,
      repeats,
    },
  };
}

function newHistogram() {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: slowestUs,
    numberOfSignificantValueDigits: 3,
  });
}

function failed(error: unknown): RunResult {
  return { ok: false, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/**
 * The process of a new team. It reads `orders.state.v1` up to its ends, and keeps the last state of each order, as
 * docs/topics describes. The time counts from the first request to the last state.
 */

import { openLogReader } from '../../cli/kafka/log-reader.ts';
import { loadStateCodec } from '../../services/shared/codec/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';
import { STATE } from '../../topics/index.ts';
import { jobOfChild, sendResult } from '../frame/child.ts';
import { ownCpuUs } from '../frame/cpu.ts';
import type { RunResult } from '../frame/types.ts';
import type { SnapshotJob } from './job.ts';

/** The part of an order that this team needs. */
interface Known {
  readonly version: number;
  readonly status: string | null;
  readonly total: number | null;
}

await sendResult(await run(jobOfChild<SnapshotJob>()).catch(failed));
process.disconnect?.();

async function run({ env, orders: expected }: SnapshotJob): Promise<RunResult> {
  const log = createLogger({ service: 'bench', level: 'error', instanceId: 'bench' });
  const startedMs = performance.now();
  const startedUs = ownCpuUs();
  const states = await loadStateCodec({ registryUrl: env['SCHEMA_REGISTRY_URL']!, log });
  const reader = await openLogReader({
    kafkaBrokers: env['KAFKA_BROKERS']!.split(','),
    kafkaTopicPrefix: env['KAFKA_TOPIC_PREFIX']!,
  });
  const orders = new Map<string, Known>();
  const covers = new Map<number, number>();
  let read = 0;
  const ends = await reader.ranges(STATE);
  await Promise.all(
    ends.map(async ({ low, high }, partition) => {
      for await (const records of reader.read(STATE, partition, low, high)) {
        read += records.length;
        for (const { value } of records) {
          const { orderId, version, status, terms, sourceOffset } = states.decode(value);
          if (orderId === null) covers.set(partition, sourceOffset);
          else orders.set(orderId, { version, status, total: terms?.total ?? null });
        }
      }
    }),
  );
  const seconds = (performance.now() - startedMs) / 1_000;
  const cpuUs = (ownCpuUs() - startedUs) / orders.size;
  await reader.close();
  const problem = problemOf(orders, covers, expected);
  if (problem !== null) return { ok: false, problem };
  const none = { p50Ms: Number.NaN, p99Ms: Number.NaN };
  const rssMb = process.memoryUsage.rss() / 1e6;
  const more = { records: read };
  return {
    ok: true,
    sample: { orders: orders.size, seconds, cpuUs: { node: cpuUs }, batch: 1, rssMb, more, ...none },
  };
}

/** Checks that the newest version of each order was read, and that markers cover all outcomes. */
function problemOf(orders: Map<string, Known>, covers: Map<number, number>, expected: number): string | null {
  if (orders.size !== expected) return `${orders.size} orders were read of ${expected}`;
  const older = orders.values().filter(({ version, total }) => version !== 1 || total === null);
  const count = [...older].length;
  if (count > 0) return `${count} orders were read in an older state`;
  const covered = covers.values().reduce((sum, offset) => sum + offset + 1, 0);
  return covered === expected ? null : `the markers cover ${covered} outcomes of ${expected}`;
}

function failed(error: unknown): RunResult {
  return { ok: false, problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

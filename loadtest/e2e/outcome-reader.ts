/** Reads the outcomes of a design as any team would. Records the time at which the outcome of each order arrived. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createAdmin,
  createKafkaConfig,
  createPartitionReader,
  type InRecord,
} from '../../services/shared/kafka/index.ts';
import { createLogger } from '../../services/shared/log/index.ts';
import type { OutcomeTopic } from './job.ts';

interface Arrival {
  /** Arrival of the first copy, by the clock of this process. */
  readonly firstMs: number;
  count: number;
}

export interface OutcomeReader {
  /** The arrivals by order id. */
  readonly arrivals: ReadonlyMap<string, Arrival>;
  /**
   * Waits until each of these orders has an outcome and the topic is read to its end. Returns the fault, or
   * null.
   */
  problemOf(orderIds: ReadonlySet<string>): Promise<string | null>;
  stop(): Promise<void>;
}

const deadlineMs = 120_000;
const pollMs = 20;

/** Resolves when the reader gets every outcome that is published from then on. */
export async function openOutcomeReader({
  brokers,
  topicPrefix,
  topic,
}: OutcomeTopic): Promise<OutcomeReader> {
  const settings = createKafkaConfig({ kafkaBrokers: brokers, kafkaTopicPrefix: topicPrefix }, 'bench-e2e');
  const log = createLogger({ service: 'bench', level: 'error', instanceId: 'bench' });
  const arrivals = new Map<string, Arrival>();
  const onRecords = (_topic: string, _partition: number, records: InRecord[]): void => {
    const firstMs = performance.now();
    for (const { key } of records) {
      const orderId = String(key);
      const known = arrivals.get(orderId);
      if (known === undefined) arrivals.set(orderId, { firstMs, count: 1 });
      else known.count += 1;
    }
  };
  const reader = createPartitionReader({ settings, topics: [topic], from: 'latest', log, onRecords });
  const admin = createAdmin(settings);
  await reader.start();

  const unread = async (): Promise<bigint> => {
    const ends = await admin.endOffsets(topic);
    return reader
      .positions()
      .reduce((sum, { partition, offset }) => sum + (ends.get(partition)?.high ?? 0n) - offset, 0n);
  };
  return {
    arrivals,
    async problemOf(orderIds) {
      const untilMs = performance.now() + deadlineMs;
      while (performance.now() < untilMs) {
        const missing = orderIds.difference(arrivals).size;
        if (missing === 0 && (await unread()) === 0n) return notOnce(orderIds, arrivals);
        await sleep(pollMs);
      }
      return `${orderIds.difference(arrivals).size} of ${orderIds.size} accepted orders had no outcome after ${deadlineMs} ms`;
    },
    async stop() {
      await Promise.all([reader.stop(), admin.close()]);
    },
  };
}

function notOnce(orderIds: ReadonlySet<string>, arrivals: ReadonlyMap<string, Arrival>): string | null {
  let copies = 0;
  for (const { count } of arrivals.values()) copies += count;
  if (arrivals.size !== orderIds.size)
    return `${arrivals.size} orders have outcomes and ${orderIds.size} were accepted`;
  return copies === orderIds.size ? null : `${copies} outcomes were published for ${orderIds.size} orders`;
}

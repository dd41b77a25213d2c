import { performance } from 'node:perf_hooks';
import type { Logger } from '../../log/index.ts';
import { createCluster, forceCloseCluster, type LibraryCluster } from '../kafkajs/cluster.ts';
import { type RecordSet, readRecordSet } from '../protocol/record-reader.ts';
import { type KafkaSettings, withPrefix } from '../settings.ts';
import type { InRecord, TopicPartition } from '../types.ts';
import { kafkaUnavailable } from '../unavailable.ts';
import { failureOf, fetchOnce } from './fetch.ts';

const fetchWaitMs = 100;
const fetchBytesMax = 4 * 1024 * 1024;
/** Maximum time without progress, for example behind an open transaction of another producer. */
const stallMaxMs = 20_000;
const callRetries = 4;

/**
 * Reads the committed records of one partition with `from <= offset < to`, in order, without a consumer group.
 * The range must fit in memory. Rejects with KAFKA_UNAVAILABLE.
 */
export async function readCommittedRange(options: {
  settings: KafkaSettings;
  topic: string;
  partition: number;
  from: bigint;
  to: bigint;
  log: Logger;
}): Promise<InRecord[]> {
  const { settings, topic, partition, from, to, log } = options;
  if (from >= to) return [];
  const cluster = createCluster(settings, { log, retries: callRetries });
  try {
    await cluster.connect();
    await cluster.addMultipleTargetTopics([withPrefix(settings, topic)]);
    const records: InRecord[] = [];
    let next = from;
    let progressAtMs = performance.now();
    while (next < to) {
      const fetched = await fetchFrom(cluster, withPrefix(settings, topic), { topic, partition }, next);
      if (fetched.next === next) {
        if (performance.now() - progressAtMs < stallMaxMs) continue;
        throw new Error(`nothing at ${topic}-${partition} from offset ${next} on within ${stallMaxMs} ms`);
      }
      for (const record of fetched.records) if (record.offset < to) records.push(record);
      next = fetched.next;
      progressAtMs = performance.now();
    }
    return records;
  } catch (error) {
    throw kafkaUnavailable(error);
  } finally {
    forceCloseCluster(cluster);
  }
}

async function fetchFrom(
  cluster: LibraryCluster,
  wireTopic: string,
  { topic, partition }: TopicPartition,
  from: bigint,
): Promise<RecordSet> {
  const metadata = cluster.findTopicPartitionMetadata(wireTopic);
  const leader = metadata.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
  const broker = await cluster.findBroker({ nodeId: String(leader) });
  const limits = { maxWaitMs: fetchWaitMs, maxBytes: fetchBytesMax };
  const wanted = [{ topic: wireTopic, partition, fetchOffset: from, partitionMaxBytes: fetchBytesMax }];
  const [fetched] = await fetchOnce(broker, wanted, limits);
  if (fetched === undefined) return { records: [], next: from };
  const failure = failureOf(fetched);
  if (failure !== null) throw failure;
  return readRecordSet(fetched.records, topic, partition, from, fetched.abortedTransactions);
}

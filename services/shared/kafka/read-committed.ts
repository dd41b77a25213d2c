import { performance } from 'node:perf_hooks';
import filterAbortedMessages from 'kafkajs/src/consumer/filterAbortedMessages.js';
import type { FetchedMessage } from 'kafkajs/src/types-of-room.js';
import { appError, errorMessage } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { abandonCluster, createCluster, type RoomCluster, readCommitted } from './cluster.ts';
import { toRecord } from './records.ts';
import { type KafkaSettings, withPrefix } from './settings.ts';
import type { InRecord } from './types.ts';

const fetchWaitMs = 100;
const fetchBytesMax = 4 * 1024 * 1024;
/** No progress for this long, as an open transaction of somebody else would cause. */
const stallMaxMs = 20_000;
const callRetries = 4;

/**
 * The committed records of one partition with `from <= offset < to`, in order, without a consumer group. For ranges
 * that fit in memory. Rejects with KAFKA_UNAVAILABLE.
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
      const { messages, committed } = await fetchFrom(cluster, withPrefix(settings, topic), partition, next);
      const last = messages.at(-1);
      if (last === undefined) {
        if (performance.now() - progressAtMs < stallMaxMs) continue;
        throw new Error(`nothing at ${topic}-${partition} from offset ${next} on within ${stallMaxMs} ms`);
      }
      for (const message of committed) {
        const offset = BigInt(message.offset);
        if (offset >= next && offset < to) records.push(toRecord(topic, partition, message));
      }
      // Compaction may have taken the last records of a batch, whose offsets were asked for.
      const behind = BigInt(last.offset) + 1n;
      next = behind > next ? behind : next + 1n;
      progressAtMs = performance.now();
    }
    return records;
  } catch (error) {
    throw appError('KAFKA_UNAVAILABLE', { reason: errorMessage(error) }, { cause: error });
  } finally {
    abandonCluster(cluster);
  }
}

interface Fetched {
  messages: FetchedMessage[];
  /** Without control records and what was aborted. */
  committed: FetchedMessage[];
}

async function fetchFrom(
  cluster: RoomCluster,
  wireTopic: string,
  partition: number,
  from: bigint,
): Promise<Fetched> {
  const metadata = cluster.findTopicPartitionMetadata(wireTopic);
  const leader = metadata.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
  const broker = await cluster.findBroker({ nodeId: String(leader) });
  const { responses } = await broker.fetch({
    isolationLevel: readCommitted,
    maxWaitTime: fetchWaitMs,
    minBytes: 1,
    maxBytes: fetchBytesMax,
    topics: [
      {
        topic: wireTopic,
        partitions: [{ partition, fetchOffset: String(from), maxBytes: fetchBytesMax }],
      },
    ],
  });
  const fetched = responses[0]?.partitions[0];
  if (fetched === undefined) return { messages: [], committed: [] };
  const { messages, abortedTransactions } = fetched;
  const kept = filterAbortedMessages({ messages, abortedTransactions });
  return { messages, committed: kept.filter(({ isControlRecord }) => isControlRecord !== true) };
}

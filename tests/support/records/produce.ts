import { type IHeaders, Kafka, logLevel, type Message } from 'kafkajs';
import type { LogRecord } from '../../../cli/kafka/log-reader.ts';
import { calmRequestQueues } from '../../../services/shared/kafka/index.ts';

/**
 * Sends records unchanged (partition, key, headers, timestamp and value), with a producer that is not ours.
 */
export async function produceRecords(
  config: { kafkaBrokers: string[]; kafkaTopicPrefix: string },
  topics: { topic: string; records: LogRecord[] }[],
): Promise<void> {
  calmRequestQueues();
  const kafka = new Kafka({ clientId: 'tests', brokers: config.kafkaBrokers, logLevel: logLevel.NOTHING });
  const producer = kafka.producer({
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
  });
  await producer.connect();
  try {
    for (const { topic, records } of topics) {
      // Each request has one partition, because kafkajs repeats a whole request if one of its partitions
      // fails.
      for (const ofPartition of Map.groupBy(records, ({ partition }) => partition).values()) {
        await producer.send({
          topic: config.kafkaTopicPrefix + topic,
          messages: ofPartition.map(toMessage),
          acks: -1,
        });
      }
    }
  } finally {
    await producer.disconnect();
  }
}

function toMessage({ partition, key, value, headers, timestampMs }: LogRecord): Message {
  return { partition, key, value, headers: headers as IHeaders, timestamp: String(timestampMs) };
}

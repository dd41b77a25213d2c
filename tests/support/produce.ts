import { Kafka, logLevel } from 'kafkajs';
import type { LogRecord } from '../../cli/kafka/log-reader.ts';
import { calmRequestQueues } from '../../services/shared/kafka/index.ts';

/** Sends records as they are (partition, key, headers, time and value), with a producer that is none of ours. */
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
      const messages = records.map(({ partition, key, value, headers, timestampMs }) => ({
        partition,
        key,
        value,
        headers: headers as Record<string, string>,
        timestamp: String(timestampMs),
      }));
      await producer.send({ topic: config.kafkaTopicPrefix + topic, messages, acks: -1 });
    }
  } finally {
    await producer.disconnect();
  }
}

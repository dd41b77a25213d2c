/** Record batches that a foreign producer compressed. */
import { CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyTopics, COMMANDS, planCluster } from '../../../topics/index.ts';
import { type KafkaClients, openKafkaClients } from '../../support/records/kafka.ts';
import { testStack, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('packed');
const megabyte = 1_048_576;
const foreign = new Kafka({ brokers: testStack().kafkaBrokers.split(','), logLevel: logLevel.NOTHING });
const producer = foreign.producer({
  createPartitioner: Partitioners.DefaultPartitioner,
  retry: { retries: 0 },
});
let clients: KafkaClients;

beforeAll(async () => {
  clients = await openKafkaClients(prefix);
  await applyTopics(clients.admin, await planCluster(clients.admin, { replicationFactor: 1 }));
  await producer.connect();
});

afterAll(async () => {
  await producer.disconnect();
  await clients.close();
});

/** Sends records of zeros in one compressed batch. Compressed, they need about a thousandth of their size. */
const sendPacked = (records: number, bytes: number) =>
  producer.send({
    topic: `${prefix}${COMMANDS}`,
    compression: CompressionTypes.GZIP,
    messages: Array.from({ length: records }, () => ({ partition: 0, value: Buffer.alloc(bytes) })),
  });

test('a batch that is longer than the topic allows, once unpacked, is refused by the broker', async () => {
  await expect(sendPacked(64, megabyte)).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
  expect((await clients.admin.endOffsets(COMMANDS)).get(0)).toMatchObject({ high: 0n });
});

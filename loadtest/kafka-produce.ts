import { parseArgs } from 'node:util';
import kafkajs, { type Producer } from 'kafkajs';
import {
  type Accumulator,
  createAccumulator,
  createAdmin,
  createKafkaConfig,
  type KafkaSettings,
  type OutMessage,
} from '../services/shared/kafka/index.ts';
import { createLogger } from '../services/shared/log/index.ts';
import { noMetrics } from '../services/shared/metrics/index.ts';
import { stackUp } from '../stack/index.ts';

/**
 * Measures the CPU time of the client per record, for several numbers of records per request. Compares the
 * accumulator of the product with `producer.send` of kafkajs. Both send the same records with six headers, in a
 * closed loop, with acks from all in-sync replicas. Their rounds alternate. Both run with patched request queues,
 * because otherwise the timers of kafkajs would count against it.
 *
 * node loadtest/kafka-produce.ts [--brokers host:port,…] [--rounds 5] [--in-flight perLeader|one]
 */
const partitions = 12;
const sizes = [1, 10, 50, 250] as const;
const recordsPerRound = { 1: 400, 10: 2_000, 50: 6_000, 250: 15_000 } as const;
const valueBytes = 320;
const topic = 'produce';

type Way = { name: string; send(messages: OutMessage[]): Promise<unknown> };

const { values: args } = parseArgs({
  options: {
    brokers: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    'in-flight': { type: 'string', default: 'perLeader' },
  },
});
const brokers = (args.brokers ?? (await stackUp({ name: 'loadtest' })).kafkaBrokers).split(',');
const settings = createKafkaConfig(
  { kafkaBrokers: brokers, kafkaTopicPrefix: `bench${Date.now()}.` },
  'kafka-produce',
);
const admin = createAdmin(settings);
await admin.createTopics([{ name: topic, partitions, replicationFactor: Math.min(3, await admin.ping()) }]);

const accumulator = await ours();
const producer = await theirs();
const ways: Way[] = [
  { name: 'ours', send: (messages) => Promise.all(messages.map((message) => accumulator.send(message))) },
  { name: 'ours, batch per partition', send: (messages) => sendBatches(accumulator, messages) },
  { name: 'kafkajs', send: (messages) => sendPlain(producer, settings, messages) },
];
console.log('records/request  way                        client µs/record (median, min–max)   requests/s');
for (const size of sizes) {
  const measured = new Map<string, { cpu: number; rate: number }[]>(ways.map(({ name }) => [name, []]));
  for (const way of ways) await round(way, size, Math.ceil(recordsPerRound[size] / 5));
  for (let i = 0; i < Number(args.rounds); i++) {
    for (const way of ways) measured.get(way.name)!.push(await round(way, size, recordsPerRound[size]));
  }
  for (const [name, rounds] of measured) print(size, name, rounds);
}
await Promise.all([accumulator.close(5_000), producer.disconnect(), admin.close()]);

async function round(way: Way, size: number, records: number): Promise<{ cpu: number; rate: number }> {
  const requests = Math.ceil(records / size);
  const before = process.cpuUsage();
  const startedMs = performance.now();
  for (let i = 0; i < requests; i++) await way.send(makeMessages(i, size));
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / (requests * size), rate: requests / seconds };
}

function makeMessages(seed: number, count: number): OutMessage[] {
  return Array.from({ length: count }, (_, i) => ({
    topic,
    partition: (seed + i) % partitions,
    key: Buffer.from('0199c3f2-7a5e-8000-8000-0123456789ab'),
    value: Buffer.alloc(valueBytes, i),
    headers: {
      ce_specversion: '1.0',
      ce_id: `${seed}-${i}`,
      ce_source: '/orderstream/orders.commands.v1',
      ce_type: 'order.accepted',
      ce_time: '2026-01-01T00:00:00.000Z',
      'content-type': 'application/avro',
    },
    timestampMs: Date.now(),
  }));
}

/** Creates the accumulator without linger, so that a request holds exactly the records of one call. */
function ours(): Promise<Accumulator> {
  const log = createLogger({ service: 'bench', level: 'warn', instanceId: 'bench' });
  const inFlight = args['in-flight'] === 'one' ? 'one' : 'perLeader';
  return createAccumulator({ settings, log, metrics: noMetrics, lingerMs: 0, topics: [topic], inFlight });
}

async function theirs(): Promise<Producer> {
  const kafka = new kafkajs.Kafka({ clientId: 'kafkajs', brokers, logLevel: kafkajs.logLevel.ERROR });
  const plain = kafka.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
  await plain.connect();
  return plain;
}

function sendBatches(to: Accumulator, messages: OutMessage[]): Promise<unknown> {
  const byPartition = Map.groupBy(messages, ({ partition }) => partition);
  return Promise.all([...byPartition.values()].map((batch) => to.sendBatch(batch)));
}

function sendPlain(to: Producer, { topicPrefix }: KafkaSettings, messages: OutMessage[]): Promise<unknown> {
  return to.send({
    topic: topicPrefix + topic,
    acks: -1,
    messages: messages.map(({ partition, key, value, headers, timestampMs }) => ({
      partition,
      key,
      value,
      headers: headers as Record<string, string>,
      timestamp: String(timestampMs),
    })),
  });
}

function print(size: number, name: string, rounds: { cpu: number; rate: number }[]): void {
  const cpu = rounds.map((each) => each.cpu).sort((a, b) => a - b);
  const rate = rounds.map((each) => each.rate).sort((a, b) => a - b);
  const middle = Math.floor(rounds.length / 2);
  const spread = `${cpu[middle]!.toFixed(1)}  (${cpu[0]!.toFixed(1)}–${cpu.at(-1)!.toFixed(1)})`;
  console.log(
    `${String(size).padStart(15)}  ${name.padEnd(27)}${spread.padEnd(38)}${rate[middle]!.toFixed(0)}`,
  );
}

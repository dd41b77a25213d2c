import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import kafkajs from 'kafkajs';
import {
  createAccumulator,
  createAdmin,
  createKafkaConfig,
  type KafkaSettings,
} from '../services/shared/kafka/index.ts';
import { goOnWithoutOutput } from '../services/shared/lifecycle/lost-output.ts';
import { createLogger } from '../services/shared/log/index.ts';
import { noMetrics } from '../services/shared/metrics/index.ts';
import { stackDown, stackStatus, stackUp } from '../stack/index.ts';
import { Ledger, readLog, type Verdict } from './accumulator-ledger.ts';

goOnWithoutOutput();

/**
 * Compares two producers on three brokers with min.insync.replicas 2. Every few seconds the test kills or freezes one
 * broker, and restarts it. Both producers write numbered messages at the same rate to their own topics. One producer
 * is the accumulator of the product. The other is kafkajs in its usual form (overlapping sends over several
 * partitions, its own retries). At the end the test searches every acknowledged message in the log. It exits with 1
 * if the accumulator lost a message or wrote one out of order.
 *
 * npm run accumulator-faults -- --seconds 60 [--rate 750] [--every 13] [--down 6] [--in-flight perLeader|one]
 */
const partitions = 12;
const tickMs = 10;
const stackName = 'faults';
/**
 * Maximum wait for acknowledgements at the end. Every fault is shorter, so a message without acknowledgement is a
 * real fault.
 */
const patienceMs = 60_000;
/**
 * Maximum number of parallel sends of kafkajs, as a real service would set it. Without this limit, retries pile up
 * while a broker is down.
 */
const plainOverlapMax = 200;
const restartAttempts = 3;

const { values: args } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '750' },
    every: { type: 'string', default: '13' },
    down: { type: 'string', default: '6' },
    'in-flight': { type: 'string', default: 'perLeader' },
    keep: { type: 'boolean', default: false },
  },
});
const seconds = Number(args.seconds);
const perTick = Math.max(1, Math.round((Number(args.rate) * tickMs) / 1000));

const stack = await stackUp({ name: stackName, brokers: 3, tell: (line) => console.log(line) });
const prefix = `faults${Date.now()}.`;
const settings = createKafkaConfig(
  { kafkaBrokers: stack.kafkaBrokers.split(','), kafkaTopicPrefix: prefix },
  'accumulator-faults',
);
const admin = createAdmin(settings);
const configs = { 'min.insync.replicas': '2' };
await admin.createTopics(
  ['ours', 'plain'].map((name) => ({ name, partitions, replicationFactor: 3, configs })),
);
await admin.close();

const writing = new AbortController();
const ours = new Ledger(partitions);
const plain = new Ledger(partitions);
const faults = makeFaults(writing.signal);
const writers = [writeWithAccumulator(settings, ours), writeWithKafkajs(settings, plain)];
await sleep(seconds * 1000);
writing.abort();
await faults;
await Promise.all(writers);

const verdicts = {
  'our accumulator': ours.compare(await readLog(settings, 'ours')),
  'kafkajs alone': plain.compare(await readLog(settings, 'plain')),
};
print(verdicts);
if (!args.keep) await stackDown(stackName);
const { lost, outOfOrder } = verdicts['our accumulator'];
process.exit(lost > 0 || outOfOrder > 0 ? 1 : 0);

/** Kills and freezes one broker after the other. At the end all brokers run. */
async function makeFaults(signal: AbortSignal): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    await pause(Math.min(3, Number(args.every)), signal);
    if (signal.aborted) return;
    const pids = (await stackStatus(stackName)).find(({ server }) => server === 'kafka')?.pids ?? [];
    const broker = turn % 3;
    const pid = pids[broker];
    if (typeof pid !== 'number') throw new Error(`broker ${broker + 1} is not running`);
    const how = turn % 2 === 0 ? 'SIGKILL' : 'SIGSTOP';
    console.log(`broker ${broker + 1}: ${how}`);
    process.kill(pid, how);
    await pause(Number(args.down), signal);
    if (how === 'SIGSTOP') process.kill(pid, 'SIGCONT');
    else await restart();
    console.log(`broker ${broker + 1}: back`);
    await pause(Number(args.every) - Number(args.down), signal);
  }
}

/** On a busy machine a broker may take longer to start than the stack waits. */
async function restart(): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await stackUp({ name: stackName });
      return;
    } catch (error) {
      if (attempt === restartAttempts) throw error;
      console.log(`the broker is not up yet: ${error instanceof Error ? error.message : error}`);
    }
  }
}

async function writeWithAccumulator(to: KafkaSettings, ledger: Ledger): Promise<void> {
  const log = createLogger({ service: 'faults', level: 'error', instanceId: 'ours' });
  const inFlight = args['in-flight'] === 'one' ? 'one' : 'perLeader';
  const accumulator = await createAccumulator({
    settings: to,
    log,
    metrics: noMetrics,
    deadlineMs: patienceMs,
    topics: ['ours'],
    inFlight,
  });
  const pending = new Set<Promise<void>>();
  await everyTick(writing.signal, () => {
    for (const { partition, sequence, value } of ledger.next(perTick)) {
      const sent = accumulator
        .send({ topic: 'ours', partition, key: null, value, headers: {}, timestampMs: Date.now() })
        .then(() => ledger.acknowledged(partition, sequence))
        .catch(() => ledger.failed(1))
        .finally(() => pending.delete(sent));
      pending.add(sent);
    }
  });
  await Promise.all(pending);
  await accumulator.close(1_000);
}

async function writeWithKafkajs(to: KafkaSettings, ledger: Ledger): Promise<void> {
  const kafka = new kafkajs.Kafka({
    clientId: 'plain',
    brokers: [...to.brokers],
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const producer = kafka.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  const pending = new Set<Promise<void>>();
  await everyTick(writing.signal, () => {
    if (pending.size >= plainOverlapMax) return;
    const batch = ledger.next(perTick);
    const messages = batch.map(({ partition, value }) => ({ partition, value }));
    const sent = producer
      .send({ topic: `${to.topicPrefix}plain`, acks: -1, messages })
      .then(() => batch.forEach(({ partition, sequence }) => void ledger.acknowledged(partition, sequence)))
      .catch(() => ledger.failed(batch.length))
      .finally(() => pending.delete(sent));
    pending.add(sent);
  });
  await Promise.race([Promise.all(pending), sleep(patienceMs, undefined, { ref: false })]);
  await Promise.race([producer.disconnect(), sleep(2_000, undefined, { ref: false })]);
}

async function everyTick(signal: AbortSignal, work: () => void): Promise<void> {
  while (!signal.aborted) {
    work();
    await sleep(tickMs);
  }
}

async function pause(forSeconds: number, signal: AbortSignal): Promise<void> {
  await sleep(forSeconds * 1000, undefined, { signal }).catch(() => undefined);
}

function print(rows: Record<string, Verdict>): void {
  console.log(`${''.padEnd(18)}acknowledged  reported failed  LOST  out of order  duplicates  longest gap s`);
  for (const [name, each] of Object.entries(rows)) {
    const cells = [
      String(each.acknowledged).padStart(12),
      String(each.failed).padStart(17),
      String(each.lost).padStart(6),
      String(each.outOfOrder).padStart(14),
      String(each.duplicates).padStart(12),
      (each.longestGapMs / 1000).toFixed(1).padStart(15),
    ];
    console.log(name.padEnd(18) + cells.join(''));
  }
}

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { kafkaFields, loadConfig } from '../../services/shared/config/index.ts';
import { calmRequestQueues, createKafkaConfig } from '../../services/shared/kafka/index.ts';
import { findJava } from '../downloads/java.ts';
import { type Download, fetched, plugin } from '../downloads/maven.ts';
import { versions } from '../downloads/versions.ts';
import { StackError } from '../errors.ts';
import type { Instance } from '../instance.ts';
import { launch, utf8Paths } from '../processes/processes.ts';
import type { KafkaExtras, KafkaListener, Server, ServerContext } from './server.ts';

const run = promisify(execFile);
const HEAP_MB = 384;
const FORMAT_DEADLINE_MS = 60_000;
const ASK_TIMEOUT_MS = 2_000;

const download: Download = {
  folder: `kafka-${versions.kafka.version}`,
  label: `Kafka ${versions.kafka.version}`,
  megabytes: versions.kafka.downloadMb,
  landsIn: null,
  mavenArgs: (into, pom) => [
    '-f',
    pom(versions.kafka.artifacts),
    plugin('copy-dependencies'),
    `-DoutputDirectory=${path.join(into, 'libs')}`,
  ],
};

/** Kafka in KRaft mode, with 1 to 3 nodes. Every node is broker and controller. */
export const kafka: Server = {
  name: 'kafka',
  variable: 'KAFKA_BROKERS',
  readyDeadlineMs: 120_000,
  ports: (instance, process) =>
    nodes(instance)
      .filter((node) => node.name === process)
      .flatMap((node) => [node.port, node.controllerPort]),
  processes: (instance) => nodes(instance).map((node) => node.name),
  address: (instance) =>
    nodes(instance)
      .map((node) => `127.0.0.1:${node.port}`)
      .join(','),
  prepare,
  start,
  ask,
};

interface Node {
  id: number;
  name: string;
  port: number;
  controllerPort: number;
}

function nodes(instance: Instance): Node[] {
  return Array.from({ length: instance.brokers }, (_, index) => ({
    id: index + 1,
    name: instance.brokers === 1 ? 'kafka' : `kafka-${index + 1}`,
    port: instance.ports.kafka[index] ?? 0,
    controllerPort: instance.ports.controllers[index] ?? 0,
  }));
}

async function prepare(context: ServerContext): Promise<void> {
  const [java, home] = await Promise.all([findJava(), fetched(download, context)]);
  mkdirSync(path.join(context.dir, 'conf'), { recursive: true });
  writeFileSync(path.join(context.dir, LOG_CONFIG), LOG4J);
  await Promise.all(nodes(context.instance).map((node) => prepareNode(context, node, java, home)));
}

async function prepareNode(context: ServerContext, node: Node, java: string, home: string): Promise<void> {
  writeFileSync(path.join(context.dir, configFile(node)), properties(context, node));
  if (existsSync(path.join(context.dir, dataDir(node), 'meta.properties'))) return;
  const format = [
    'kafka.tools.StorageTool',
    'format',
    // The option is one argument, because an id may begin with a dash.
    `--cluster-id=${context.instance.clusterId}`,
    '-c',
    configFile(node),
    ...scramArgs(context.extras.kafka?.scramUsers ?? {}),
  ];
  await run(java, [...jvm(home), ...format], {
    cwd: context.dir,
    env: { ...process.env, ...utf8Paths },
    timeout: FORMAT_DEADLINE_MS,
  }).catch((cause) => {
    throw new StackError(
      `Kafka's storage could not be formatted: ${String(cause.stderr || cause.message).trim()}`,
      { cause },
    );
  });
}

async function start(context: ServerContext, missing: readonly string[]): Promise<void> {
  const [java, home] = await Promise.all([findJava(), fetched(download, context)]);
  for (const node of nodes(context.instance).filter(({ name }) => missing.includes(name))) {
    const heap = [`-Xms${HEAP_MB}m`, `-Xmx${HEAP_MB}m`];
    await launch(context.dir, {
      name: node.name,
      command: java,
      args: [
        ...heap,
        ...jvm(home),
        ...(context.extras.kafka?.jvmArgs ?? []),
        'kafka.Kafka',
        configFile(node),
      ],
    });
  }
}

/**
 * Sends a metadata request whose response must name at least the expected number of brokers. An open port
 * proves nothing. Each of our brokers gets its own request, because the others name a dead broker until its
 * session expires.
 */
async function ask(address: string, brokers: number): Promise<void> {
  const seeds = brokers > 1 ? address.split(',') : [address];
  await Promise.all(seeds.map((seed) => askBroker(seed.split(','), security(address), brokers)));
}

async function askBroker(seeds: string[], access: Access, brokers: number): Promise<void> {
  calmRequestQueues();
  const client = new Kafka({
    clientId: 'orderstream-stack',
    brokers: seeds,
    ...access,
    logLevel: logLevel.NOTHING,
    connectionTimeout: ASK_TIMEOUT_MS,
    requestTimeout: ASK_TIMEOUT_MS,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  try {
    await admin.connect();
    const cluster = await admin.describeCluster();
    if (cluster.brokers.length < brokers)
      throw new Error(`${cluster.brokers.length} of ${brokers} brokers are available`);
  } finally {
    await admin.disconnect();
  }
}

type Access = Pick<KafkaConfig, 'ssl' | 'sasl'>;

/** A cluster that the environment names may require TLS and a login. Our own cluster never does. */
function security(address: string): Access {
  if (process.env['KAFKA_BROKERS'] !== address) return {};
  const { ssl, sasl } = createKafkaConfig(loadConfig(process.env, kafkaFields), 'orderstream-stack');
  return { ssl, sasl };
}

/**
 * The JVM uses only its fast compiler. In its first minutes, a broker would spend more time on optimisation
 * than on records. A broker that runs for a test or a few hours would never regain this time.
 */
function jvm(home: string): string[] {
  return [
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    '-Xshare:auto',
    '-Djava.awt.headless=true',
    '-Djava.net.preferIPv4Stack=true',
    `-Dlog4j2.configurationFile=${LOG_CONFIG}`,
    '-cp',
    path.join(home, 'libs', '*'),
  ];
}

/**
 * Paths are relative to the instance's folder, in which Kafka runs. A property file cannot contain every
 * absolute path.
 */
const LOG_CONFIG = 'conf/kafka-log4j2.properties';
const configFile = (node: Node): string => `conf/${node.name}.properties`;
const dataDir = (node: Node): string => `data/${node.name}`;

function properties({ instance, extras }: ServerContext, node: Node): string {
  const replicas = instance.brokers;
  const inSync = replicas >= 3 ? 2 : 1;
  const voters = nodes(instance).map((other) => `${other.id}@127.0.0.1:${other.controllerPort}`);
  const own = { name: 'PLAINTEXT', host: '127.0.0.1', port: node.port };
  const forClients = [own, ...(extras.kafka?.listeners ?? [])];
  const settings: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': voters.join(','),
    listeners: [...forClients, { name: 'CONTROLLER', port: node.controllerPort }]
      .map(({ name, port }) => `${name}://127.0.0.1:${port}`)
      .join(','),
    'advertised.listeners': forClients.map(({ name, host, port }) => `${name}://${host}:${port}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataDir(node),
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 3,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 3,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    // By default a new group waits 3 s for more members, which is too long for tests.
    'group.initial.rebalance.delay.ms': 200,
    'group.min.session.timeout.ms': 1500,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'num.recovery.threads.per.data.dir': 1,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    // Tests kill one of three brokers, so the cluster should notice a stopped broker within seconds.
    'broker.session.timeout.ms': replicas >= 3 ? 6000 : 9000,
    'broker.heartbeat.interval.ms': replicas >= 3 ? 1000 : 2000,
    'controlled.shutdown.enable': 'true',
    ...(extras.kafka === undefined ? {} : extraSettings(extras.kafka)),
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

function extraSettings({ listeners, settings = {} }: KafkaExtras): Record<string, string> {
  const protocols = [['PLAINTEXT', 'PLAINTEXT'], ['CONTROLLER', 'PLAINTEXT'], ...listeners.map(protocolOf)];
  return {
    // Kafka assumes this map only if every listener is without encryption and login.
    'listener.security.protocol.map': protocols.map((pair) => pair.join(':')).join(','),
    ...Object.fromEntries(listeners.flatMap(listenerSettings)),
    ...settings,
  };
}

const protocolOf = ({ name, protocol }: KafkaListener) => [name, protocol];

function listenerSettings({ name, settings }: KafkaListener): [string, string][] {
  const prefix = `listener.name.${name.toLowerCase()}`;
  return Object.entries(settings).map(([key, value]) => [`${prefix}.${key}`, value]);
}

function scramArgs(users: Readonly<Record<string, string>>): string[] {
  return Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map(
      (mechanism) => `--add-scram=${mechanism}=[name=${name},password=${password}]`,
    ),
  );
}

const LOG4J = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %m (%c{1})%n%throwable{6}
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
logger.config.name = org.apache.kafka.common.config.AbstractConfig
logger.config.level = warn
logger.configs.name = kafka.server.KafkaConfig
logger.configs.level = warn
`;

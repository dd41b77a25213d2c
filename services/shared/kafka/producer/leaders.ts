import type { Logger } from '../../log/index.ts';
import { type BrokerMaker, createBrokerMaker } from '../kafkajs/brokers.ts';
import { forceCloseBroker } from '../kafkajs/force-close.ts';
import type { KafkaBroker } from '../kafkajs/library-types.ts';
import { fetchMetadata, type Metadata } from '../kafkajs/metadata.ts';
import {
  type ProduceRequestPartition,
  type ProduceResponsePartition,
  produceApiKey,
  produceApiVersion,
  produceRequest,
} from '../protocol/produce-protocol.ts';
import type { KafkaSettings } from '../settings.ts';
import { kafkaUnavailable } from '../unavailable.ts';

/** The result of a produce request. `handed` means that the broker may have received the bytes. */
export type ProduceOutcome =
  | { kind: 'answered'; partitions: ProduceResponsePartition[] }
  | { kind: 'failed'; handed: boolean; error: unknown };

/**
 * The leaders of partitions, and the connections to them. The accumulator uses Kafka only through this
 * interface. Topic names include the prefix.
 */
export interface Leaders {
  /** Node id of the leader; null while unknown. */
  leaderOf(topic: string, partition: number): number | null;
  /**
   * Looks up the leaders of `topics`. A topic or partition without a leader does not delay the others. Throws
   * KAFKA_UNAVAILABLE if no broker responds.
   */
  refresh(topics: readonly string[]): Promise<void>;
  /** Never throws. */
  produce(nodeId: number, batches: readonly ProduceRequestPartition[]): Promise<ProduceOutcome>;
  close(): void;
}

/**
 * The broker must time out first, because its response names the late partitions. Our own timeout names none
 * and costs the connection.
 */
const brokerShareOfTimeout = 0.75;

interface State {
  settings: KafkaSettings;
  log: Logger;
  requestTimeoutMs: number;
  makeBroker: BrokerMaker;
  nodes: Map<number, KafkaBroker>;
  leaders: Map<string, (number | null)[]>;
  nextSeed: number;
  closed: boolean;
}

/**
 * Leaders of a real cluster. Uses kafkajs's brokers and connections, but not its cluster object. That object
 * fails every partition if one has no leader, and retries inside calls that must end in time.
 */
export function createLeaders(
  settings: KafkaSettings,
  deps: { log: Logger; requestTimeoutMs: number },
): Leaders {
  const state: State = {
    settings,
    ...deps,
    makeBroker: createBrokerMaker(settings, deps),
    nodes: new Map(),
    leaders: new Map(),
    nextSeed: 0,
    closed: false,
  };
  return {
    leaderOf: (topic, partition) => state.leaders.get(topic)?.[partition] ?? null,
    refresh: (topics) => refresh(state, topics),
    produce: (nodeId, batches) => produce(state, nodeId, batches),
    close() {
      state.closed = true;
      for (const broker of state.nodes.values()) forceCloseBroker(broker, 'producer closed');
    },
  };
}

async function refresh(state: State, topics: readonly string[]): Promise<void> {
  let lastError: unknown = new Error('no broker is known');
  for (const broker of candidates(state)) {
    if (state.closed) return;
    try {
      await broker.connect();
      adopt(state, await fetchMetadata(broker, topics));
      if (broker.nodeId === null) forceCloseBroker(broker, 'it was only needed for its metadata');
      return;
    } catch (error) {
      lastError = error;
      replace(state, broker);
    }
  }
  throw kafkaUnavailable(lastError);
}

/**
 * Connected brokers first, then the others, then the configured addresses. Each call starts with another
 * address.
 */
function* candidates(state: State): Generator<KafkaBroker> {
  const known = [...state.nodes.values()];
  yield* known.filter((broker) => broker.isConnected());
  yield* known.filter((broker) => !broker.isConnected());
  const seeds = state.settings.brokers;
  const first = state.nextSeed++;
  for (let i = 0; i < seeds.length; i++) {
    const address = seeds[(first + i) % seeds.length]!;
    const colon = address.lastIndexOf(':');
    yield state.makeBroker(address.slice(0, colon), Number(address.slice(colon + 1)), null);
  }
}

function adopt(state: State, metadata: Metadata): void {
  const { nodes, leaders, makeBroker, log } = state;
  for (const { nodeId, host, port } of metadata.brokers) {
    const known = nodes.get(nodeId);
    if (known?.connectionPool.host === host && known.connectionPool.port === port) continue;
    if (known !== undefined) forceCloseBroker(known, 'moved to another address');
    nodes.set(nodeId, makeBroker(host, port, nodeId));
  }
  for (const { topic, topicErrorCode, partitionMetadata } of metadata.topicMetadata) {
    if (topicErrorCode !== 0) log.debug({ topic, topicErrorCode }, 'the topic has no metadata');
    const byPartition: (number | null)[] = [];
    for (const { partitionId, leader } of partitionMetadata)
      byPartition[partitionId] = leader >= 0 ? leader : null;
    leaders.set(topic, byPartition);
  }
}

async function produce(
  state: State,
  nodeId: number,
  batches: readonly ProduceRequestPartition[],
): Promise<ProduceOutcome> {
  const broker = state.nodes.get(nodeId);
  if (broker === undefined || state.closed) {
    return { kind: 'failed', handed: false, error: new Error(`broker ${nodeId} is not known`) };
  }
  let handed = false;
  try {
    if (!broker.isConnected()) await connect(broker);
    const request = produceRequest(batches, Math.floor(state.requestTimeoutMs * brokerShareOfTimeout), () => {
      handed = true;
    });
    return {
      kind: 'answered',
      partitions: (await broker.connectionPool.send(request)) as ProduceResponsePartition[],
    };
  } catch (error) {
    // After a timeout the connection may be dead without notice, so it is replaced. Requests on the old
    // connection may still reach the log late. They then duplicate records that are sent again, and never
    // replace newer ones.
    replace(state, broker);
    return { kind: 'failed', handed, error };
  }
}

async function connect(broker: KafkaBroker): Promise<void> {
  await broker.connect();
  const range = broker.versions?.[produceApiKey];
  if (range === undefined || range.minVersion > produceApiVersion || range.maxVersion < produceApiVersion) {
    throw new Error(`the broker does not support version ${produceApiVersion} of Produce`);
  }
}

/** Replaces a broker whose connection failed. The old object may still count as connected. */
function replace(state: State, broker: KafkaBroker): void {
  forceCloseBroker(broker, 'connection given up');
  const { host, port } = broker.connectionPool;
  const { nodeId } = broker;
  if (nodeId === null || state.closed || state.nodes.get(nodeId) !== broker) return;
  state.nodes.set(nodeId, state.makeBroker(host, port, nodeId));
}

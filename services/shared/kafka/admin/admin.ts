import { performance } from 'node:perf_hooks';
import kafkajs, { type Admin } from 'kafkajs';
import { errorMessage } from '../../errors/index.ts';
import { sleep } from '../../retry/index.ts';
import { calmRequestQueues } from '../kafkajs/request-queue.ts';
import { shareConnectAttempts } from '../kafkajs/single-flight-connect.ts';
import {
  authenticationTimeoutMs,
  connectionTimeoutMs,
  type KafkaSettings,
  requestTimeoutMs,
  withPrefix,
} from '../settings.ts';
import { kafkaUnavailable } from '../unavailable.ts';
import { groupOffsets, groupPositions, setGroupOffsets, toSeeks } from './group-offsets.ts';

interface TopicSpec {
  name: string;
  partitions: number;
  replicationFactor: number;
  configs?: Readonly<Record<string, string>>;
}

interface TopicDescription {
  name: string;
  partitions: number;
  replicationFactor: number;
  /** Every config with its effective value. */
  configs: Record<string, string>;
}

/**
 * Manages topics and offsets of a cluster. Names do not include the prefix.
 *
 * @throws AppError KAFKA_UNAVAILABLE
 */
export interface KafkaAdmin {
  /**
   * Creates the missing topics and waits for their leaders. Existing topics stay unchanged. Returns the created
   * names.
   */
  createTopics(topics: readonly TopicSpec[]): Promise<string[]>;
  /** Describes those of `names` that exist. */
  describeTopics(names: readonly string[]): Promise<TopicDescription[]>;
  /** Sets these configs of a topic. Its other configs do not change. */
  alterTopicConfigs(name: string, configs: Readonly<Record<string, string>>): Promise<void>;
  /** First offset and end (next offset) of each partition. */
  endOffsets(topic: string): Promise<Map<number, { low: bigint; high: bigint }>>;
  /** The next offset that a group committed, per partition; null if it has none. */
  groupOffsets(groupId: string, topic: string): Promise<Map<number, bigint | null>>;
  /**
   * Like `groupOffsets`, with the notes that are stored beside the offsets. Omits partitions without an offset.
   */
  groupPositions(groupId: string, topic: string): Promise<Map<number, { offset: bigint; note: string }>>;
  /** Number of members of a group, also of those that joined and are silent until their session ends. */
  groupMembers(groupId: string): Promise<number>;
  /** Works only while the group has no members. Otherwise the coordinator refuses the commit. */
  setGroupOffsets(groupId: string, topic: string, offsets: ReadonlyMap<number, bigint>): Promise<void>;
  /** Deletes the records before the offsets. */
  deleteRecords(topic: string, before: ReadonlyMap<number, bigint>): Promise<void>;
  /** Number of brokers that are up. */
  ping(): Promise<number>;
  close(): Promise<void>;
}

const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 } as const;
const createTimeoutMs = 15_000;
const leaderPollMs = 50;

interface State {
  settings: KafkaSettings;
  build(): Admin;
  admin: Admin;
  connected: Promise<void> | null;
}

/** Connects at the first call, and keeps its connections until `close`. */
export function createAdmin(settings: KafkaSettings): KafkaAdmin {
  calmRequestQueues();
  shareConnectAttempts();
  const kafka = new kafkajs.Kafka({
    brokers: [...settings.brokers],
    clientId: `${settings.clientId}-admin`,
    ssl: settings.ssl,
    sasl: settings.sasl,
    connectionTimeout: connectionTimeoutMs,
    authenticationTimeout: authenticationTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry,
    // The caller gets every failure as an error, so kafkajs need not log it.
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const build = () => kafka.admin({ retry });
  const state: State = { settings, build, admin: build(), connected: null };
  const wire = (name: string) => withPrefix(settings, name);
  const on = <T>(call: (admin: Admin) => Promise<T>) => connected(state, call);
  return {
    createTopics: (topics) => on((admin) => createTopics(admin, topics, wire)),
    describeTopics: (names) => on((admin) => describeTopics(admin, names, wire)),
    alterTopicConfigs: (name, configs) => on((admin) => alterConfigs(admin, wire(name), configs)),
    endOffsets: (topic) => on((admin) => endOffsets(admin, wire(topic))),
    groupOffsets: (groupId, topic) => on((admin) => groupOffsets(admin, wire(groupId), wire(topic))),
    groupPositions: (groupId, topic) => on((admin) => groupPositions(admin, wire(groupId), wire(topic))),
    groupMembers: (groupId) =>
      on(async (admin) => (await admin.describeGroups([wire(groupId)])).groups[0]?.members.length ?? 0),
    setGroupOffsets: (groupId, topic, offsets) =>
      on(() => setGroupOffsets(settings, wire(groupId), wire(topic), offsets)),
    deleteRecords: (topic, before) =>
      on((admin) => admin.deleteTopicRecords({ topic: wire(topic), partitions: toSeeks(before) })),
    ping: () => on(async (admin) => (await admin.describeCluster()).brokers.length),
    async close() {
      if (state.connected !== null) await state.admin.disconnect();
    },
  };
}

async function connected<T>(state: State, call: (admin: Admin) => Promise<T>): Promise<T> {
  const { admin } = state;
  try {
    state.connected ??= admin.connect();
    await state.connected;
  } catch (error) {
    renew(state, admin);
    throw kafkaUnavailable(error);
  }
  try {
    return await call(admin);
  } catch (error) {
    if (isHalfConnected(error) || saysTopicIsGone(error)) renew(state, admin);
    throw kafkaUnavailable(error);
  }
}

/**
 * Whether the first response of a broker never arrived. kafkajs treats its socket as connected, and refuses
 * every later request on it.
 */
function isHalfConnected(error: unknown): boolean {
  return errorMessage(error).includes('Broker not connected');
}

/**
 * kafkajs requests metadata for every topic that it ever used. After one of these topics is deleted, every
 * request fails.
 */
function saysTopicIsGone(error: unknown): boolean {
  return (error as { type?: unknown }).type === 'UNKNOWN_TOPIC_OR_PARTITION';
}

/** The next call starts with a new client. Calls that still wait for the old client end with its connections. */
function renew(state: State, admin: Admin): void {
  if (state.admin !== admin) return;
  state.admin = state.build();
  state.connected = null;
  void admin.disconnect().catch(() => undefined);
}

async function createTopics(
  admin: Admin,
  topics: readonly TopicSpec[],
  wire: (name: string) => string,
): Promise<string[]> {
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter(({ name }) => !existing.has(wire(name)));
  if (missing.length === 0) return [];
  await admin.createTopics({
    waitForLeaders: false,
    timeout: createTimeoutMs,
    topics: missing.map(({ name, partitions, replicationFactor, configs = {} }) => ({
      topic: wire(name),
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    })),
  });
  await waitForLeaders(
    admin,
    missing.map(({ name }) => wire(name)),
  );
  return missing.map(({ name }) => name);
}

/**
 * Waits until the topics have leaders. Brokers get the metadata of a new topic one after the other. kafkajs's
 * own wait fails on a broker that has none yet.
 */
async function waitForLeaders(admin: Admin, topics: string[]): Promise<void> {
  const deadlineAtMs = performance.now() + createTimeoutMs;
  for (;;) {
    try {
      const answer = await admin.fetchTopicMetadata({ topics });
      if (answer.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return;
      if (performance.now() > deadlineAtMs) throw new Error(`no leaders within ${createTimeoutMs} ms`);
    } catch (error) {
      if (performance.now() > deadlineAtMs) throw error;
    }
    await sleep(leaderPollMs);
  }
}

async function describeTopics(
  admin: Admin,
  names: readonly string[],
  wire: (name: string) => string,
): Promise<TopicDescription[]> {
  const existing = new Set(await admin.listTopics());
  const known = names.filter((name) => existing.has(wire(name)));
  if (known.length === 0) return [];
  const { topics } = await admin.fetchTopicMetadata({ topics: known.map(wire) });
  const configs = await configsOf(admin, known.map(wire));
  return known.flatMap((name) => {
    const topic = topics.find((each) => each.name === wire(name));
    if (topic === undefined) return [];
    const entries = configs.get(wire(name)) ?? [];
    return [
      {
        name,
        partitions: topic.partitions.length,
        replicationFactor: Math.max(0, ...topic.partitions.map(({ replicas }) => replicas.length)),
        configs: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
      },
    ];
  });
}

/**
 * kafkajs's request replaces all configs of a topic, so this function also sends the configs that are already
 * set.
 */
async function alterConfigs(
  admin: Admin,
  topic: string,
  changes: Readonly<Record<string, string>>,
): Promise<void> {
  const entries = (await configsOf(admin, [topic])).get(topic) ?? [];
  const own = entries.filter(({ configSource }) => configSource === kafkajs.ConfigSource.TOPIC_CONFIG);
  const kept = Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
  const configEntries = Object.entries({ ...kept, ...changes }).map(([name, value]) => ({ name, value }));
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries };
  await admin.alterConfigs({ validateOnly: false, resources: [resource] });
}

async function configsOf(admin: Admin, topics: readonly string[]) {
  const resources = topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name }));
  const answer = await admin.describeConfigs({ includeSynonyms: false, resources });
  return new Map(answer.resources.map(({ resourceName, configEntries }) => [resourceName, configEntries]));
}

async function endOffsets(admin: Admin, topic: string): Promise<Map<number, { low: bigint; high: bigint }>> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return new Map(
    offsets.map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]),
  );
}

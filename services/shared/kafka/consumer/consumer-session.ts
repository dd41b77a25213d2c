import ConsumerGroup, { type Group } from 'kafkajs/src/consumer/consumerGroup.js';
import instrumentation from 'kafkajs/src/consumer/instrumentationEvents.js';
import Runner, { type FetchedBatch, type GroupRunner } from 'kafkajs/src/consumer/runner.js';
import InstrumentationEventEmitter, { type Emitter } from 'kafkajs/src/instrumentation/emitter.js';
import type { Logger } from '../../log/index.ts';
import { sleep } from '../../retry/index.ts';
import { createClientLogger } from '../kafkajs/client-log.ts';
import { createCluster, forceCloseCluster, type LibraryCluster, readCommitted } from '../kafkajs/cluster.ts';
import {
  asRebalance,
  closedBrokerOf,
  hasName,
  isConnectionTrouble,
  outOfRangeOf,
  saysLeaderMoved,
  saysNotOwner,
} from '../kafkajs/kafka-errors.ts';
import type { FetchAsked } from '../kafkajs/library-types.ts';
import { readRecordSet } from '../protocol/record-reader.ts';
import { callRetry, type KafkaSettings, metadataMaxAgeMs, withoutPrefix } from '../settings.ts';
import type { InRecord } from '../types.ts';
import { failureOf, fetchOnce } from './fetch.ts';
import { createPace, type Pace } from './pace.ts';
import type { ConsumerTuning, GroupSession, GroupSessionEvents } from './session-types.ts';
import { createStickyAssigner, type Ownership } from './sticky-assigner.ts';

/** Delay between a failed fetch and the next one. It prevents a tight loop on an unreachable broker. */
const fetchRetryDelayMs = 200;
/** A member sends its heartbeats between its fetches. So the spacing of fetches is a small part of the session timeout. */
const spacingShareMax = 1 / 7;

/**
 * One session of a group member, built from kafkajs's cluster, group and runner. It does not use kafkajs's
 * `Consumer`, which restarts without limit, moves positions by itself and hides the generation. Names include
 * the prefix.
 */
export function createGroupSession(options: {
  settings: KafkaSettings;
  groupId: string;
  topics: readonly string[];
  tuning: ConsumerTuning;
  log: Logger;
  /** The member id of the previous session. If the group no longer has it, the group assigns a new one. */
  memberId: string | null;
  ownership: () => Ownership;
  events: GroupSessionEvents;
}): GroupSession {
  const { settings, groupId, topics, tuning, log, ownership, events } = options;
  const emitter = new InstrumentationEventEmitter();
  const cluster = createCluster(settings, { log, emitter });
  const assigner = createStickyAssigner(cluster, ownership);
  const group = createGroup({ groupId, topics, tuning, log, cluster, emitter, assigner });
  group.memberId = options.memberId;
  const runner = new Runner({
    logger: createClientLogger(log),
    consumerGroup: group,
    instrumentationEmitter: emitter,
    heartbeatInterval: tuning.heartbeatIntervalMs,
    retry: callRetry,
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async () => undefined,
    onCrash: events.onCrash,
    concurrency: 1,
  });
  takeOverFetches(cluster, settings);
  takeOverFetchErrors(group, cluster, events);
  paceFetches(group, tuning);
  takeOverHeartbeat(group, events);
  takeOverBatches(runner, events);
  listen(emitter, group, events);
  return {
    group,
    async start() {
      await cluster.connect();
      await cluster.addMultipleTargetTopics([...topics]);
      await runner.start();
    },
    async stop() {
      await runner.stop();
      await cluster.disconnect();
    },
    forceClose() {
      runner.running = false;
      forceCloseCluster(cluster);
    },
  };
}

function createGroup(parts: {
  groupId: string;
  topics: readonly string[];
  tuning: ConsumerTuning;
  log: Logger;
  cluster: LibraryCluster;
  emitter: Emitter;
  assigner: unknown;
}): Group {
  const { groupId, topics, tuning, log, cluster, emitter, assigner } = parts;
  return new ConsumerGroup({
    retry: callRetry,
    cluster,
    groupId,
    topics: [...topics],
    // With `latest`, the group would skip the records before its first commit, and all records after a gap.
    // With `earliest`, it loses nothing.
    topicConfigurations: Object.fromEntries(topics.map((topic) => [topic, { fromBeginning: true }])),
    logger: createClientLogger(log),
    instrumentationEmitter: emitter,
    assigners: [assigner],
    sessionTimeout: tuning.sessionTimeoutMs,
    rebalanceTimeout: tuning.rebalanceTimeoutMs,
    maxBytesPerPartition: tuning.maxBytesPerPartition,
    minBytes: 1,
    maxBytes: tuning.maxBytes,
    maxWaitTimeInMs: tuning.maxWaitTimeInMs,
    autoCommit: false,
    autoCommitInterval: null,
    autoCommitThreshold: null,
    isolationLevel: readCommitted,
    rackId: '',
    metadataMaxAge: metadataMaxAgeMs,
  });
}

/** The records of one partition on their way through kafkajs. */
type Passed = InRecord[] & { next: bigint };

interface GroupBroker {
  fetch(asked: FetchAsked): Promise<{
    responses: {
      topicName: string;
      partitions: { partition: number; highWatermark: string; messages: Passed }[];
    }[];
  }>;
}

/**
 * kafkajs decides which partitions to fetch, and drops partitions that this member lost. Our code sends the
 * request and reads the response. kafkajs's `Batch` gets our records unchanged, and reads only their offsets.
 */
function takeOverFetches(cluster: LibraryCluster, settings: KafkaSettings): void {
  const findBroker = cluster.findBroker.bind(cluster);
  cluster.findBroker = async (options) => {
    const broker = await findBroker(options);
    (broker as unknown as GroupBroker).fetch = async ({ topics, maxWaitTime: maxWaitMs, maxBytes }) => {
      const wanted = topics.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, fetchOffset, maxBytes: partitionMaxBytes }) => ({
          topic,
          partition,
          fetchOffset: BigInt(fetchOffset),
          partitionMaxBytes,
        })),
      );
      const answer = await fetchOnce(broker, wanted, { maxWaitMs, maxBytes });
      const offsets = new Map(
        wanted.map(({ topic, partition, fetchOffset }) => [`${topic}/${partition}`, fetchOffset]),
      );
      const responses = answer.map((fetched) => {
        const failure = failureOf(fetched);
        if (failure !== null) throw failure;
        const { topic, partition, highWatermark, records, abortedTransactions } = fetched;
        const from = offsets.get(`${topic}/${partition}`)!;
        const set = readRecordSet(
          records,
          withoutPrefix(settings, topic),
          partition,
          from,
          abortedTransactions,
        );
        const messages: Passed = Object.assign(set.records, { next: set.next });
        return {
          topicName: topic,
          partitions: [{ partition, highWatermark: String(highWatermark), messages }],
        };
      });
      return { responses };
    };
    return broker;
  };
}

/**
 * Handles a failed fetch of one broker. For a moved leader, kafkajs would rejoin from one fetch loop while the
 * others run. For a position outside the log, it would commit the start of the log. For an unreachable broker,
 * it would stop all loops. This code looks up a moved leader and reports a position outside the log. The other
 * loops continue.
 */
function takeOverFetchErrors(group: Group, cluster: LibraryCluster, events: GroupSessionEvents): void {
  const kafkajsRecovery = group.recoverFromFetch.bind(group);
  group.recoverFromFetch = async (error) => {
    const outside = outOfRangeOf(error);
    if (outside !== null) {
      group.pause([{ topic: outside.topic, partitions: [outside.partition] }]);
      events.onOutOfRange(outside.topic, outside.partition);
      return;
    }
    if (hasName(error, 'KafkaJSStaleTopicMetadataAssignment')) throw asRebalance(error);
    if (saysLeaderMoved(error) || isConnectionTrouble(error)) {
      const closed = closedBrokerOf(error);
      if (closed !== null) cluster.removeBroker(closed);
      await sleep(fetchRetryDelayMs);
      await cluster.refreshMetadata();
      return;
    }
    await kafkajsRecovery(error);
  };
}

/** Each broker has its own fetch loop and its own pace. */
function paceFetches(group: Group, { fetchPace, sessionTimeoutMs }: ConsumerTuning): void {
  const fetch = group.fetch.bind(group);
  const paces = new Map<string, Pace>();
  group.fetch = async (nodeId) => {
    const pace = paces.get(nodeId) ?? createPace(fetchPace, sessionTimeoutMs * spacingShareMax);
    paces.set(nodeId, pace);
    await pace.turn();
    const batches = (await fetch(nodeId)) as FetchedBatch[];
    let records = 0;
    let isBehind = false;
    for (const { rawMessages, highWatermark } of batches) {
      records += rawMessages.length;
      isBehind ||= (rawMessages as Passed).next < BigInt(highWatermark);
    }
    pace.fetched(records, isBehind);
    return batches;
  };
}

/**
 * An unreachable coordinator may have moved. A rejoin looks up the new one. kafkajs would send its request to
 * the old one 20 times. If the rejoin fails, kafkajs keeps fetching and sending heartbeats as if it had joined.
 * So each heartbeat requests another rejoin until one succeeds.
 *
 * A member that the group has removed loses its id. If its rejoin fails, kafkajs sends no heartbeat without an
 * id. It would then never notice that it is not a member.
 */
function takeOverHeartbeat(group: Group, events: GroupSessionEvents): void {
  const heartbeat = group.heartbeat.bind(group);
  const joinAndSync = group.joinAndSync.bind(group);
  let owesJoin = false;
  group.joinAndSync = async () => {
    owesJoin = true;
    await joinAndSync();
    owesJoin = false;
  };
  group.heartbeat = async (options) => {
    if (owesJoin) throw asRebalance(new Error('the last join did not succeed'));
    // kafkajs uses the wall clock. If this clock goes back an hour, kafkajs sends no heartbeat for an hour, and
    // the group removes this member.
    if (group.lastRequest > Date.now()) group.lastRequest = 0;
    if (group.memberId === null) throw asRebalance(new Error('the group no longer has this member'));
    try {
      await heartbeat(options);
    } catch (error) {
      const unreachable = isConnectionTrouble(error);
      if (unreachable || saysNotOwner(error)) {
        owesJoin = true;
        events.onRebalancing();
      }
      throw unreachable ? asRebalance(error) : error;
    }
  };
}

function takeOverBatches(runner: GroupRunner, events: GroupSessionEvents): void {
  runner.handleBatch = async (batch) => {
    if (!runner.running) return;
    const records = batch.rawMessages as Passed;
    events.onBatch(batch, { records, next: records.next });
    await runner.heartbeat();
  };
}

function listen(emitter: Emitter, group: Group, events: GroupSessionEvents): void {
  const { GROUP_JOIN, HEARTBEAT, REBALANCING, FETCH } = instrumentation.events as Record<string, string>;
  emitter.addListener(GROUP_JOIN!, () => {
    const assigned = group
      .assigned()
      .flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
    events.onJoined(group.generationId ?? -1, assigned);
  });
  emitter.addListener(HEARTBEAT!, ({ payload }) => events.onHeartbeat(Number(payload['groupGenerationId'])));
  emitter.addListener(REBALANCING!, () => events.onRebalancing());
  emitter.addListener(FETCH!, ({ payload }) => events.onFetched(Number(payload['duration'])));
}

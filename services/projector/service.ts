/** Wires the projector: it reads outcomes and writes the latest state of each order. */
import { EVENTS, GROUPS } from '../../topics/index.ts';
import { loadCodecs, loadStateCodec } from '../shared/codec/index.ts';
import {
  backgroundPace,
  createAdmin,
  createGroupConsumer,
  createKafkaConfig,
  type GroupConsumer,
  startCommitLoop,
} from '../shared/kafka/index.ts';
import type { Running, ServiceContext } from '../shared/lifecycle/index.ts';
import { createMysql } from '../shared/mysql/index.ts';
import type { fields } from './config.ts';
import { watchLogs } from './logs.ts';
import {
  openPartitionProjector,
  type PartitionProjector,
  type PartitionProjectorDeps,
} from './partition-projector.ts';

type Context = ServiceContext<typeof fields>;

const consumerStopMs = 3_000;
/** Maximum number of waiting partitions that readiness names. */
const waitsNamedMax = 3;
/** Maximum number of database connections. Each partition looks up the orders of one batch at a time. */
const poolSize = 2;

/** Opens all parts in the order of their dependencies. `stop` closes them in reverse order. */
export async function startProjector(context: Context): Promise<Running> {
  const { config, live, log, metrics, lifecycle } = context;
  const registryUrl = config.schemaRegistryUrl;
  const mysql = createMysql({ url: () => live.now.mysqlUrl, poolSize, log, metrics });
  const { events } = await loadCodecs({ registryUrl, log });
  const states = await loadStateCodec({ registryUrl, log });
  const settings = createKafkaConfig(config, `projector-${config.instanceId}`);
  const admin = createAdmin(settings);
  const projectors = new Map<number, PartitionProjector>();
  const closing = new Set<Promise<void>>();
  const waits = new Map<number, string>();
  const consumer = openConsumer(context, projectors, closing, {
    settings,
    admin,
    events,
    states,
    pool: mysql.pool,
    onWait(partition, reason) {
      if (reason === null) waits.delete(partition);
      else waits.set(partition, reason);
      metrics.set('projector_partitions_waiting', waits.size);
    },
  });
  await consumer.start();
  lifecycle.addReadiness('states', () => waitsText(waits));
  const watch = watchLogs(settings, (topic) => {
    for (const projector of projectors.values()) projector.renew(`${topic} was recreated`);
  });
  lifecycle.addReadiness('group', () => consumer.generation() !== null || 'not in the consumer group yet');
  const committing = startCommits(consumer, projectors, context);

  return {
    async stop() {
      watch.close();
      await Promise.all([...projectors.values()].map((projector) => projector.close()));
      await Promise.all(closing);
      await committing.stop();
      await consumer.stop(consumerStopMs);
      await Promise.all([admin.close(), mysql.close()]);
    },
  };
}

function openConsumer(
  { config, log, metrics, fatal }: Context,
  projectors: Map<number, PartitionProjector>,
  closing: Set<Promise<void>>,
  parts: Pick<PartitionProjectorDeps, 'settings' | 'admin' | 'events' | 'states' | 'pool' | 'onWait'>,
): GroupConsumer {
  const consumer: GroupConsumer = createGroupConsumer({
    settings: parts.settings,
    groupId: GROUPS.projector,
    topics: [EVENTS],
    sessionTimeoutMs: config.sessionTimeoutMs,
    silenceMaxMs: config.silenceMaxMs,
    fetchPace: () => backgroundPace,
    log,
    metrics,
    handlers: {
      onAssigned({ gained, lost }) {
        for (const { partition } of lost) {
          const ended = projectors.get(partition)?.close() ?? Promise.resolve();
          projectors.delete(partition);
          parts.onWait(partition, null);
          closing.add(ended);
          void ended.finally(() => closing.delete(ended));
        }
        for (const { partition } of gained)
          projectors.set(partition, openPartitionProjector(deps, partition));
      },
      onRecords: (_topic, partition, records) => projectors.get(partition)?.enqueue(records),
      onOutOfRange: (_topic, partition, position) =>
        projectors.get(partition)?.renew(`position ${position} of ${EVENTS}/${partition} is not in the log`),
      onCrash: fatal,
    },
  });
  const deps: PartitionProjectorDeps = {
    ...parts,
    log,
    metrics,
    isMember: () => consumer.generation() !== null,
    flow: {
      pause: (partition) => consumer.pause(EVENTS, partition),
      resume(partition, from) {
        if (from !== undefined) consumer.seek(EVENTS, partition, from);
        consumer.resume(EVENTS, partition);
      },
    },
  };
  return consumer;
}

/** Names the number of waiting partitions, and the first ones with their reasons. */
function waitsText(waits: ReadonlyMap<number, string>): true | string {
  if (waits.size === 0) return true;
  const first = [...waits].slice(0, waitsNamedMax);
  const named = first.map(([partition, reason]) => `partition ${partition}: ${reason}`);
  return `${waits.size} partitions wait; ${named.join('; ')}`;
}

/** Commits the group offset up to the committed states, on a timer and once at the end. */
function startCommits(
  consumer: GroupConsumer,
  projectors: Map<number, PartitionProjector>,
  { log }: Context,
) {
  const committed = new Map<number, bigint>();
  return startCommitLoop(async () => {
    const offsets = [...projectors].flatMap(([partition, projector]) => {
      const offset = projector.done();
      return offset === null || committed.get(partition) === offset
        ? []
        : [{ topic: EVENTS, partition, offset }];
    });
    if (offsets.length === 0 || (await consumer.commit(offsets)) !== 'committed') return;
    for (const { partition, offset } of offsets) committed.set(partition, offset);
  }, log);
}

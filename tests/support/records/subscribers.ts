import type { OrderEvent } from '../../../schemas/index.ts';
import { type Codecs, loadCodecs, registerSchemas } from '../../../services/shared/codec/index.ts';
import {
  adminFields,
  type Env,
  type Fields,
  loadConfig,
  logFields,
} from '../../../services/shared/config/index.ts';
import {
  type Accumulator,
  createAccumulator,
  createAdmin,
  type KafkaAdmin,
} from '../../../services/shared/kafka/index.ts';
import {
  createLifecycle,
  type Running,
  type ServiceContext,
} from '../../../services/shared/lifecycle/index.ts';
import { createMetrics, type Metrics, noMetrics } from '../../../services/shared/metrics/index.ts';
import { applyTopics, EVENTS, planCluster } from '../../../topics/index.ts';
import { testStack, until } from '../servers/stack.ts';
import { quietLog, testSettings } from './kafka.ts';

/**
 * The means of a test of a subscriber: topics, schemas, a producer and the subscriber itself, in this
 * process.
 */
export interface SubscriberWorld {
  codecs: Codecs;
  admin: KafkaAdmin;
  accumulator: Accumulator;
  /** Produces outcomes to the partition of their source with the order id as key, as the worker does. */
  produceEvents(events: readonly OrderEvent[]): Promise<void>;
  close(): Promise<void>;
}

/** Creates the topics with `prefix` and registers the schemas. */
export async function openSubscriberWorld(prefix: string): Promise<SubscriberWorld> {
  const settings = testSettings(prefix);
  const admin = createAdmin(settings);
  // A busy broker may not yet have a topic that it has just created. Only a repeated query helps.
  await until(
    async () => {
      await applyTopics(admin, await planCluster(admin, { replicationFactor: 1 }));
      return true;
    },
    { what: 'making the topics', deadlineMs: 60_000, everyMs: 500 },
  );
  const registryUrl = testStack().schemaRegistryUrl;
  await registerSchemas({ registryUrl });
  const codecs = await loadCodecs({ registryUrl, log: quietLog });
  const accumulator = await createAccumulator({ settings, log: quietLog, metrics: noMetrics });
  return {
    codecs,
    admin,
    accumulator,
    async produceEvents(events) {
      const byPartition = Map.groupBy(events, (event) => event.sourcePartition);
      await Promise.all(
        [...byPartition].map(([partition, ofPartition]) =>
          accumulator.sendBatch(
            ofPartition.map((event) => ({
              topic: EVENTS,
              partition,
              key: event.orderId === null ? null : Buffer.from(event.orderId),
              value: codecs.events.encode(event),
              headers: { ce_id: event.eventId },
              // Not `occurredAt`, which may be older than the topic's retention.
              timestampMs: Date.now(),
            })),
          ),
        ),
      );
    },
    async close() {
      await accumulator.close(2_000);
      await admin.close();
    },
  };
}

export interface Started extends Running {
  metrics: Metrics;
  /** The fatal error of the service, if any. */
  failure(): unknown;
  /** The problems that readiness would report. */
  problems(): string[];
}

/** Runs a service's `start` as its main.ts would, in this process. */
export async function startInProcess<F extends Fields>(
  fields: F,
  env: Env,
  start: (context: ServiceContext<F>) => Promise<Running>,
): Promise<Started> {
  const abort = new AbortController();
  let failure: unknown = null;
  const metrics = createMetrics({ service: 'test', defaults: false });
  const log = quietLog;
  const config = loadConfig(env, { ...adminFields, ...logFields, ...fields });
  const lifecycle = createLifecycle({ log, service: 'test' });
  const running = await start({
    config,
    // Nothing changes here; tests of live settings start processes.
    live: { now: config, onChange: () => () => undefined },
    log,
    metrics,
    lifecycle,
    signal: abort.signal,
    fatal(error: unknown) {
      failure ??= error;
    },
  } as unknown as ServiceContext<F>);
  lifecycle.ready();
  let stopping: Promise<void> | undefined;
  return {
    stop() {
      abort.abort();
      stopping ??= running.stop();
      return stopping;
    },
    metrics,
    failure: () => failure,
    problems: () => lifecycle.readiness().problems,
  };
}

/** Starts and stops ingestion, the service behind the API over HTTP and gRPC. */
import type { Server as HttpsServer } from 'node:https';
import type { FastifyInstance } from 'fastify';
import { COMMANDS, EVENTS } from '../../topics/index.ts';
import { type ServerClock, startServerClock } from '../shared/clock/index.ts';
import { loadCodecs } from '../shared/codec/index.ts';
import { errorMessage } from '../shared/errors/index.ts';
import {
  createAccumulator,
  createAdmin,
  createKafkaConfig,
  createPartitionReader,
  createTopicWatch,
  fetchTopicId,
  type KafkaSettings,
  type TopicPartitionOffset,
} from '../shared/kafka/index.ts';
import type { Running, ServiceContext } from '../shared/lifecycle/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import { createMysql, readNowMs } from '../shared/mysql/index.ts';
import { createProviders } from '../shared/payment-provider/index.ts';
import { createRedis } from '../shared/redis/index.ts';
import { createServerCertificate, type SecureServer, type ServerCertificate } from '../shared/tls/index.ts';
import type { OrderStore } from './application/read/order-store.ts';
import type { PartitionProgress } from './application/read/partition-progress.ts';
import { orderReadMs } from './application/read/store-readers.ts';
import { createLogWatch, createSchemaWatch, type Watch } from './application/submit/log-watch.ts';
import type { ingestionFields } from './config.ts';
import type { Grpc, GrpcServerDeps } from './grpc/index.ts';
import { createApp } from './http/app.ts';
import { heartbeatParts } from './http/streams.ts';
import { wire } from './wiring.ts';

type Context = Pick<
  ServiceContext<typeof ingestionFields>,
  'config' | 'live' | 'log' | 'metrics' | 'traces' | 'lifecycle' | 'fatal'
>;

export interface Ingestion extends Running {
  /** The URL of the HTTP API; '' if it is off. */
  readonly url: string;
  /** Host and port of the gRPC API; '' if it is off. */
  readonly grpcAddress: string;
}

const produceDeadlineMs = 8_000;
const produceQueueBytesMax = 32 * 1024 * 1024;
const positionsEveryMs = 1_000;
const sampleEveryMs = 250;
const logWatchEveryMs = 1_000;
const schemaWatchEveryMs = 30_000;
const certificateEveryMs = 5_000;
const positionsKnownWithinMs = 10_000;
const heartbeatEveryMs = 15_000;
/** The stop takes less than 5 s. The produce queue gets this part of the time. */
const flushDeadlineMs = 3_000;
const idleSweepEveryMs = 20;
const listenBacklog = 1_024;

/** Starts the service. Resolves when the API listens. */
export async function startIngestion(context: Context): Promise<Ingestion> {
  const { config, live, log, metrics, lifecycle, fatal } = context;
  const certificate = certificateOf(config, log, metrics);
  const codecs = await loadCodecs({ registryUrl: config.schemaRegistryUrl, log });
  const settings = createKafkaConfig(config, `ingestion-${config.instanceId}`);
  const accumulator = await createAccumulator({
    settings,
    log,
    metrics,
    lingerMs: config.lingerMs,
    deadlineMs: produceDeadlineMs,
    queueBytesMax: produceQueueBytesMax,
    topics: [COMMANDS],
  });
  const mysql = createMysql({
    url: () => live.now.mysqlUrl,
    ...{ log, metrics, poolSize: config.mysqlPoolSize, queryTimeoutMs: orderReadMs + 500 },
  });
  const clock = startServerClock({ readNowMs: () => readNowMs(mysql.pool), log, metrics });
  const redis = createRedis({
    url: () => live.now.redisUrl,
    ...{ keyPrefix: config.kafkaTopicPrefix, log, metrics },
  });
  const commandLogId = await fetchTopicId(settings, COMMANDS);
  const providers = createProviders(config, () => live.now);
  const parts = wire(context, {
    ...{ codecs, accumulator, mysql, clock, redis, providers, commandLogId },
    commandEnds: () => readCommandEnds(settings),
  });
  const reader = createPartitionReader({
    settings,
    topics: [EVENTS],
    from: await lastOutcomes(settings, parts.progress),
    log,
    onRecords: (_topic, _partition, records) => parts.outcomes.onRecords(records),
  });
  const topic = createTopicWatch(settings, COMMANDS);
  const logWatch = createLogWatch({ topic, logId: commandLogId, trust: parts.trust, log, fatal });
  const schemaWatch = createSchemaWatch({ codecs, registryUrl: config.schemaRegistryUrl, log, fatal });
  await reader.start();
  await Promise.all([
    followPositions(parts.store, parts.progress, log),
    logWatch.look(),
    measureClock(clock, log),
  ]);
  const stopTimers = startTimers(parts, { logWatch, schemaWatch }, log, metrics);
  await waitForPositions(parts.progress);
  const tls = certificate?.options();
  const app = config.httpEnabled ? createApp({ ...parts.deps, tls }) : null;
  const url = (await app?.listen({ host: config.host, port: config.port, backlog: listenBacklog })) ?? '';
  const grpc = config.grpcEnabled ? await startGrpc(config, { ...parts.grpc, tls }, lifecycle) : null;
  const unfollow = certificate?.follow(secureServers(app, grpc), certificateEveryMs);
  lifecycle.addReadiness('kafka', () => accumulator.isConnected() || 'the brokers do not respond');
  lifecycle.addReadiness('lanes', () => {
    const unknown = parts.progress.unknown();
    return unknown === 0 || `the positions of ${unknown} partitions are unknown`;
  });
  lifecycle.addReadiness('produce', parts.health.check);
  lifecycle.addReadiness('commandLog', logWatch.check);
  lifecycle.addReadiness('schema', schemaWatch.check);
  log.info({ url, grpc: grpc?.address ?? '' }, 'the API is listening');

  return {
    url,
    grpcAddress: grpc?.address ?? '',
    async stop() {
      parts.waits.drain();
      parts.streams.drain();
      await Promise.all([app === null ? null : closeApp(app), grpc?.stop()]);
      await accumulator.close(flushDeadlineMs);
      unfollow?.();
      stopTimers();
      clock.stop();
      topic.close();
      providers.close();
      await Promise.all([reader.stop(), redis.close(), mysql.close()]);
    },
  };
}

/** Null if the API speaks plain HTTP, behind a proxy that serves TLS. */
function certificateOf(config: Context['config'], log: Logger, metrics: Metrics): ServerCertificate | null {
  if (config.tlsCert === '') return null;
  const settings = { ca: 'TLS_CLIENT_CA', cert: 'TLS_CERT', key: 'TLS_KEY' };
  return createServerCertificate({
    paths: { cert: config.tlsCert, key: config.tlsKey, clientCa: config.tlsClientCa || null },
    settingOf: (part) => settings[part],
    log,
    onExpiry: (atMs) => metrics.set('ingestion_certificate_expires_seconds', atMs / 1000),
  });
}

/** Both servers use the same certificate. */
function secureServers(app: FastifyInstance | null, grpc: Grpc | null): SecureServer {
  return {
    setSecureContext(options) {
      (app?.server as unknown as HttpsServer | undefined)?.setSecureContext(options);
      grpc?.setSecureContext(options);
    },
  };
}

/** Loads gRPC only where it is on. */
async function startGrpc(
  { host, grpcPort: port, grpcMaxConnectionAgeMs: maxConnectionAgeMs }: Context['config'],
  deps: GrpcServerDeps,
  lifecycle: Context['lifecycle'],
): Promise<Grpc> {
  const { startGrpc: start } = await import('./grpc/index.ts');
  return start(deps, { host, port, maxConnectionAgeMs }, lifecycle);
}

/**
 * The start of the partition reader: the last outcome of each partition. So the log alone gives the positions of
 * the partitions, whatever the stores contain.
 */
async function lastOutcomes(
  settings: KafkaSettings,
  progress: PartitionProgress,
): Promise<TopicPartitionOffset[]> {
  const admin = createAdmin(settings);
  try {
    const [outcomes, commands] = await Promise.all([admin.endOffsets(EVENTS), admin.endOffsets(COMMANDS)]);
    for (const [partition, { high }] of outcomes) if (high === 0n) progress.publishedUpTo(partition, 0);
    for (const [partition, { high }] of commands) progress.produced({ partition, offset: Number(high) - 1 });
    return [...outcomes].map(([partition, { low, high }]) => ({
      topic: EVENTS,
      partition,
      offset: high > low ? high - 1n : high,
    }));
  } finally {
    await admin.close();
  }
}

/** An erasure is rare, so each one connects anew. */
async function readCommandEnds(settings: KafkaSettings): Promise<Map<number, number>> {
  const admin = createAdmin(settings);
  try {
    const ends = await admin.endOffsets(COMMANDS);
    return new Map([...ends].map(([partition, { high }]) => [partition, Number(high)]));
  } finally {
    await admin.close();
  }
}

/**
 * Waits until the positions are known. Before that, orders would look missing, so the API does not listen. After
 * the time limit it listens, but readiness fails.
 */
async function waitForPositions(progress: PartitionProgress): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, positionsKnownWithinMs);
  });
  await Promise.race([progress.whenKnown(), late]);
  clearTimeout(timer);
}

/**
 * Accepts no new connections, finishes requests in flight, and closes each connection as soon as it is idle. Otherwise
 * a client's keep-alive would block the stop.
 */
async function closeApp(app: FastifyInstance): Promise<void> {
  const sweep = setInterval(() => app.server.closeIdleConnections(), idleSweepEveryMs);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
  }
}

function startTimers(
  parts: ReturnType<typeof wire>,
  { logWatch, schemaWatch }: { logWatch: Watch; schemaWatch: Watch },
  log: Logger,
  metrics: Metrics,
): () => void {
  const { progress, admission, outcomes, store, streams, callerLimits } = parts;
  const timers = [
    setInterval(() => {
      progress.measure();
      admission.sample();
      metrics.set('ingestion_lag_seconds', progress.slowestLagMs() / 1000);
      metrics.set('ingestion_partitions_behind', admission.partitionsBehind());
      metrics.set('ingestion_waiting_clients', outcomes.watching());
    }, sampleEveryMs),
    setInterval(() => void followPositions(store, progress, log), positionsEveryMs),
    setInterval(() => void logWatch.look(), logWatchEveryMs),
    setInterval(() => void schemaWatch.look(), schemaWatchEveryMs),
    setInterval(() => streams.beat(), heartbeatEveryMs / heartbeatParts),
  ];
  return () => {
    timers.forEach(clearInterval);
    admission.close();
    callerLimits.tokenChecks.close();
    callerLimits.signatureChecks.close();
  };
}

/** Orders need no database. Until it responds, commands get the time of this machine. */
async function measureClock(clock: ServerClock, log: Logger): Promise<void> {
  try {
    await clock.measure();
  } catch (error) {
    log.debug(
      { reason: errorMessage(error) },
      'ingestion cannot read the clock of the database; commands get the time of this machine',
    );
  }
}

/**
 * Reads the positions from the database, for partitions whose outcomes were published before this process started.
 */
async function followPositions(store: OrderStore, progress: PartitionProgress, log: Logger): Promise<void> {
  try {
    for (const { partition, publishedOffset } of await store.partitionPositions())
      progress.publishedUpTo(partition, publishedOffset);
  } catch (error) {
    // The partition reader still gives positions. Only partitions without traffic stay unknown for longer.
    log.debug(
      { reason: errorMessage(error) },
      'ingestion cannot read the positions of the partitions from the database',
    );
  }
}

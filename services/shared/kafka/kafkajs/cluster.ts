import Cluster from 'kafkajs/src/cluster/index.js';
import type { Emitter } from 'kafkajs/src/instrumentation/emitter.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import type { Logger } from '../../log/index.ts';
import {
  authenticationTimeoutMs,
  callRetry,
  connectionTimeoutMs,
  type KafkaSettings,
  metadataMaxAgeMs,
  requestTimeoutMs,
} from '../settings.ts';
import { createClientLogger } from './client-log.ts';
import { clientEnded, forceCloseBroker } from './force-close.ts';
import { calmRequestQueues } from './request-queue.ts';
import { shareConnectAttempts } from './single-flight-connect.ts';

/** kafkajs's number for the isolation level that never returns uncommitted records. */
export const readCommitted = 1;

export type LibraryCluster = InstanceType<typeof Cluster>;

/**
 * One kafkajs cluster object: metadata and connections. Each consumer and partition reader has its own object.
 * kafkajs keeps a group's committed offsets in it. Two consumers of one group crash if they share the object
 * (tulios/kafkajs#558).
 */
export function createCluster(
  settings: KafkaSettings,
  deps: { log: Logger; emitter?: Emitter; retries?: number; requestTimeoutMs?: number },
): LibraryCluster {
  calmRequestQueues();
  shareConnectAttempts();
  return new Cluster({
    logger: createClientLogger(deps.log),
    retry: { ...callRetry, retries: deps.retries ?? callRetry.retries },
    socketFactory: createSocketFactory(),
    brokers: [...settings.brokers],
    ssl: settings.ssl || undefined,
    sasl: settings.sasl,
    clientId: settings.clientId,
    connectionTimeout: connectionTimeoutMs,
    authenticationTimeout: authenticationTimeoutMs,
    reauthenticationThreshold: 10_000,
    requestTimeout: deps.requestTimeoutMs ?? requestTimeoutMs,
    enforceRequestTimeout: true,
    metadataMaxAge: metadataMaxAgeMs,
    instrumentationEmitter: deps.emitter ?? null,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: readCommitted,
  });
}

/**
 * Closes the sockets without waiting for responses. A start that is still retrying inside kafkajs ends too.
 * Otherwise it would join the group and get partitions, but process no records.
 */
export function forceCloseCluster(cluster: LibraryCluster): void {
  const { brokers, seedBroker } = cluster.brokerPool;
  cluster.brokerPool.connectionPoolBuilder = { build: () => Promise.reject(clientEnded('client given up')) };
  for (const broker of Object.values(brokers)) forceCloseBroker(broker, 'client given up');
  if (seedBroker !== undefined) forceCloseBroker(seedBroker, 'client given up');
}

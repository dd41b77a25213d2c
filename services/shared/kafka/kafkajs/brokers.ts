import Broker from 'kafkajs/src/broker/index.js';
import ConnectionPool from 'kafkajs/src/network/connectionPool.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import type { Logger } from '../../log/index.ts';
import { authenticationTimeoutMs, connectionTimeoutMs, type KafkaSettings } from '../settings.ts';
import { createClientLogger } from './client-log.ts';
import type { KafkaBroker } from './library-types.ts';
import { calmRequestQueues } from './request-queue.ts';
import { shareConnectAttempts } from './single-flight-connect.ts';

/**
 * Makes a broker object, which connects on `connect`. `nodeId` is null for an address whose id is not known
 * yet.
 */
export type BrokerMaker = (host: string, port: number, nodeId: number | null) => KafkaBroker;

/** Makes kafkajs's brokers without its cluster object. */
export function createBrokerMaker(
  settings: KafkaSettings,
  deps: { log: Logger; requestTimeoutMs: number },
): BrokerMaker {
  calmRequestQueues();
  shareConnectAttempts();
  const logger = createClientLogger(deps.log);
  const socketFactory = createSocketFactory();
  return (host, port, nodeId) => {
    const connectionPool = new ConnectionPool({
      host,
      port,
      logger,
      ssl: settings.ssl || undefined,
      sasl: settings.sasl,
      clientId: settings.clientId,
      socketFactory,
      connectionTimeout: connectionTimeoutMs,
      requestTimeout: deps.requestTimeoutMs,
      enforceRequestTimeout: true,
    });
    return new Broker({
      connectionPool,
      logger,
      nodeId,
      authenticationTimeout: authenticationTimeoutMs,
      allowAutoTopicCreation: false,
    });
  };
}

/** Fetches from one broker, for consumers and partition readers. */
import { KafkaJSOffsetOutOfRange } from 'kafkajs/src/errors.js';
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js';
import type { KafkaBroker } from '../kafkajs/library-types.ts';
import {
  type FetchLimits,
  type FetchRequestPartition,
  type FetchResponsePartition,
  fetchApiKey,
  fetchApiVersion,
  fetchRequest,
} from '../protocol/fetch-protocol.ts';

const noError = 0;
const offsetOutOfRange = 1;

/**
 * Sends one request to a connected broker. The result includes failed partitions. The request starts at a
 * random partition, because a broker fills a response in order up to its limit. Otherwise the last partitions
 * might never be included.
 */
export async function fetchOnce(
  broker: KafkaBroker,
  wanted: readonly FetchRequestPartition[],
  limits: FetchLimits,
): Promise<FetchResponsePartition[]> {
  const range = broker.versions?.[fetchApiKey];
  if (range != null && (range.minVersion > fetchApiVersion || range.maxVersion < fetchApiVersion)) {
    throw new Error(`the broker does not support version ${fetchApiVersion} of Fetch`);
  }
  const first = Math.floor(Math.random() * wanted.length);
  const request = fetchRequest([...wanted.slice(first), ...wanted.slice(0, first)], limits);
  try {
    return (await broker.connectionPool.send(request)) as FetchResponsePartition[];
  } catch (error) {
    // This is as in kafkajs: after its connection ended, the next use reconnects the broker.
    if ((error as Error).name === 'KafkaJSConnectionClosedError') await broker.disconnect();
    throw error;
  }
}

/** The error of a partition as kafkajs reports it; null if there is none. */
export function failureOf({ errorCode, topic, partition }: FetchResponsePartition): Error | null {
  if (errorCode === noError) return null;
  const error = createErrorFromCode(errorCode);
  return errorCode === offsetOutOfRange ? new KafkaJSOffsetOutOfRange(error, { topic, partition }) : error;
}

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
 * One answer of a connected broker, partitions that failed among them. Which partition comes first is left to chance: an answer
 * is filled in order up to its limit, and none may always be the one that is left out.
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
    // As kafkajs does: a broker whose connection ended is connected anew by the next use.
    if ((error as Error).name === 'KafkaJSConnectionClosedError') await broker.disconnect();
    throw error;
  }
}

/** What is wrong with a partition, as kafkajs would say it; null where nothing is. */
export function failureOf({ errorCode, topic, partition }: FetchResponsePartition): Error | null {
  if (errorCode === noError) return null;
  const error = createErrorFromCode(errorCode);
  return errorCode === offsetOutOfRange ? new KafkaJSOffsetOutOfRange(error, { topic, partition }) : error;
}

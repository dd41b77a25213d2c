import type { FetchedMessage } from 'kafkajs/src/types-of-room.js';
import type { InRecord } from './types.ts';

/** kafkajs's message as ours. Of headers that came several times the last one counts. */
export function toRecord(topic: string, partition: number, message: FetchedMessage): InRecord {
  const headers: InRecord['headers'] = {};
  for (const name in message.headers) {
    const value = message.headers[name];
    headers[name] = Array.isArray(value) ? value.at(-1) : value;
  }
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers,
  };
}

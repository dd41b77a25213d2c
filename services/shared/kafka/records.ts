import type { FetchedMessage } from 'kafkajs/src/types-of-room.js';
import type { InRecord } from './types.ts';

/** kafkajs's message as ours. Of headers that came several times the last one counts (kafkajs also
 * makes a list of a header that is called like a method of every object, such as `valueOf`). */
export function toRecord(topic: string, partition: number, message: FetchedMessage): InRecord {
  // Names come from strangers: without a prototype `__proto__` is a name like any other.
  const headers: InRecord['headers'] = Object.create(null);
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

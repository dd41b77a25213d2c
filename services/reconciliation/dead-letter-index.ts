/** What is on the dead-letter topic: the hash of each record's bytes by its origin, in bounded memory. */
import { createHash } from 'node:crypto';
import type { InRecord } from '../shared/kafka/index.ts';

/** Dead letters are rare; beyond this many the topic is no longer compared as a whole. */
const recordsMax = 200_000;

export interface DeadLetterIndex {
  note(record: InRecord): void;
  /** SHA-256 in hex, or undefined where the topic has no record of this origin. */
  hashOf(partition: number, offset: number): string | undefined;
  origins(): { partition: number; offset: number }[];
  /** Whether more came than are kept: then a missing one proves nothing. */
  isFull(): boolean;
}

export function createDeadLetterIndex(): DeadLetterIndex {
  const hashes = new Map<string, string>();
  return {
    note(record) {
      const partition = Number(headerText(record, 'dlq_partition'));
      const offset = Number(headerText(record, 'dlq_offset'));
      if (!Number.isSafeInteger(partition) || !Number.isSafeInteger(offset) || hashes.size >= recordsMax)
        return;
      hashes.set(
        `${partition}-${offset}`,
        createHash('sha256')
          .update(record.value ?? Buffer.alloc(0))
          .digest('hex'),
      );
    },
    hashOf: (partition, offset) => hashes.get(`${partition}-${offset}`),
    origins: () =>
      [...hashes.keys()].map((key) => {
        const [partition = '', offset = ''] = key.split('-');
        return { partition: Number(partition), offset: Number(offset) };
      }),
    isFull: () => hashes.size >= recordsMax,
  };
}

function headerText({ headers }: InRecord, name: string): string {
  const value = headers[name];
  return value === undefined ? 'NaN' : value.toString();
}

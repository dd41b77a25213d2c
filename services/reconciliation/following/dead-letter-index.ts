/** The dead-letter topic in bounded memory: the hash of each record's bytes, by the record's origin. */
import { createHash } from 'node:crypto';
import { headerOf, type InRecord } from '../../shared/kafka/index.ts';

/** Dead letters are rare. Records beyond this number are counted but not compared. */
const recordsMax = 200_000;

export interface DeadLetterIndex {
  note(record: InRecord): void;
  /** SHA-256 in hex, or undefined if the topic has no record of this origin. */
  hashOf(partition: number, offset: number): string | undefined;
  /** `<partition>-<offset>` of each command that has a record. */
  origins(): Iterable<string>;
  /** Number of records without room. If there are any, a missing record proves nothing. */
  beyond(): number;
}

export function createDeadLetterIndex(): DeadLetterIndex {
  const hashes = new Map<string, string>();
  let beyond = 0;
  return {
    note(record) {
      const partition = Number(headerText(record, 'dlq_partition'));
      const offset = Number(headerText(record, 'dlq_offset'));
      if (!Number.isSafeInteger(partition) || !Number.isSafeInteger(offset)) return;
      const origin = `${partition}-${offset}`;
      if (hashes.size >= recordsMax && !hashes.has(origin)) {
        beyond++;
        return;
      }
      const bytes = record.value ?? Buffer.alloc(0);
      hashes.set(origin, createHash('sha256').update(bytes).digest('hex'));
    },
    hashOf: (partition, offset) => hashes.get(`${partition}-${offset}`),
    origins: () => hashes.keys(),
    beyond: () => beyond,
  };
}

function headerText(record: InRecord, name: string): string {
  const value = headerOf(record, name);
  return value === undefined ? 'NaN' : value.toString();
}

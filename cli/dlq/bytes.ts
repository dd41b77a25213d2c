/** Fetches dead-lettered records from the dead-letter topic. Each record is in the partition of its source record. */
import { DEAD_LETTERS } from '../../topics/catalogue.ts';
import type { LogReader, LogRecord } from '../kafka/log-reader.ts';
import { sha256 } from '../verify/read-commands.ts';
import type { DeadLetter, Position } from './dead-letters.ts';

/**
 * The records of the dead letters whose unchanged bytes are still on the topic. Records are in the order of their
 * failures. So it reads each partition from its start until it has found all wanted records.
 */
export async function readBytes(
  reader: LogReader,
  deadLetters: readonly DeadLetter[],
): Promise<Map<Position, LogRecord>> {
  const found = new Map<Position, LogRecord>();
  if (deadLetters.length === 0) return found;
  const ranges = await reader.ranges(DEAD_LETTERS);
  for (const [partition, wanted] of Map.groupBy(deadLetters, (deadLetter) => deadLetter.partition)) {
    const missing = new Map(wanted.map((deadLetter) => [deadLetter.position, deadLetter.valueSha256]));
    const { low, high } = ranges[partition] ?? { low: 0, high: 0 };
    for await (const records of reader.read(DEAD_LETTERS, partition, low, high)) {
      for (const record of records) {
        const position = `${headerText(record, 'dlq_partition')}-${headerText(record, 'dlq_offset')}`;
        const digest = missing.get(position);
        if (digest === undefined || digest !== sha256(record.value)) continue;
        found.set(position, record);
        missing.delete(position);
      }
      if (missing.size === 0) break;
    }
  }
  return found;
}

/** Headers with one value per name. If there are several, the last value counts. */
export function plainHeaders(record: LogRecord): Record<string, Buffer | string> {
  // Other producers choose the names. Without a prototype, `__proto__` is an ordinary name.
  const headers: Record<string, Buffer | string> = Object.create(null);
  for (const [name, value] of Object.entries(record.headers)) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) headers[name] = last;
  }
  return headers;
}

function headerText(record: LogRecord, name: string): string {
  return String(plainHeaders(record)[name]);
}

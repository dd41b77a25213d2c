/** Decides which records of a topic to print, and in which order. */
import { partitionOfOrder } from '../../topics/partition.ts';
import { CliError, usageError } from '../errors.ts';
import type { LogReader, LogRecord, Range } from '../kafka/log-reader.ts';

export interface Wanted {
  partition?: number;
  offset?: number;
  /** Epoch ms. */
  from?: number;
  order?: string;
  /** Total number of records. */
  max: number;
}

/** Maximum records that are sorted in memory. */
export const mergedMax = 1_000;

interface Part {
  partition: number;
  start: number;
  end: number;
}

/**
 * The wanted records. Records of one partition are in offset order, and records of several partitions in time
 * order. `from` gives the first records from that time, otherwise the last records are given.
 *
 * @throws CliError if partition or offset do not exist
 */
export async function* chooseRecords(
  reader: LogReader,
  topic: string,
  wanted: Wanted,
): AsyncGenerator<LogRecord> {
  const parts = await partsOf(reader, topic, wanted);
  const key = wanted.order === undefined ? null : Buffer.from(wanted.order);
  if (parts.length > 1 && wanted.max <= mergedMax) {
    yield* inOrderOfTime(reader, topic, parts, wanted);
    return;
  }
  for (const { partition, start, end } of parts) {
    for await (const records of reader.read(topic, partition, start, end)) {
      for (const record of records) if (key === null || record.key?.equals(key)) yield record;
    }
  }
}

async function* inOrderOfTime(
  reader: LogReader,
  topic: string,
  parts: readonly Part[],
  { max, from }: Wanted,
): AsyncGenerator<LogRecord> {
  const found: LogRecord[] = [];
  for (const { partition, start, end } of parts) {
    let missing = max;
    for await (const records of reader.read(topic, partition, start, end)) {
      const taken = records.slice(0, missing);
      found.push(...taken);
      missing -= taken.length;
      if (missing === 0) break;
    }
  }
  found.sort((a, b) => a.timestampMs - b.timestampMs || a.partition - b.partition || a.offset - b.offset);
  yield* from === undefined ? found.slice(-max) : found.slice(0, max);
}

async function partsOf(reader: LogReader, topic: string, wanted: Wanted): Promise<Part[]> {
  const { order, from } = wanted;
  const ranges = await reader.ranges(topic);
  const only = wanted.partition ?? (order === undefined ? undefined : partitionOfOrder(order));
  if (only !== undefined && ranges[only] === undefined) {
    throw usageError(`${topic} has the partitions 0 to ${ranges.length - 1}`);
  }
  const starts = from === undefined ? null : await reader.offsetsAt(topic, from);
  return ranges.flatMap((range, partition) =>
    only !== undefined && partition !== only
      ? []
      : [{ partition, start: startOf(range, wanted, starts?.[partition]), end: range.high }],
  );
}

/**
 * The start in one partition. It is the requested offset or time, the first offset for an order, or an offset near
 * the end.
 */
function startOf(range: Range, wanted: Wanted, fromTime: number | undefined): number {
  if (wanted.offset !== undefined) {
    if (wanted.offset < range.low || wanted.offset >= range.high) {
      throw new CliError(
        range.low === range.high
          ? `partition ${wanted.partition} is empty`
          : `partition ${wanted.partition} holds the offsets ${range.low} to ${range.high - 1}`,
      );
    }
    return wanted.offset;
  }
  if (fromTime !== undefined) return Math.max(fromTime, range.low);
  if (wanted.order !== undefined) return range.low;
  return Math.max(range.low, range.high - wanted.max);
}

import { describe, expect, it } from 'vitest';
import type { LogReader, LogRecord } from '../kafka/log-reader.ts';
import { chooseRecords, mergedMax, type Wanted } from './records.ts';

/** Two partitions with a record at each of these times, in batches of two. */
const times = [
  [10, 30, 50, 70],
  [20, 40, 60, 80],
];

const reader: LogReader = {
  ranges: async () => times.map((of) => ({ low: 0, high: of.length })),
  offsetsAt: async (_topic, ms) => times.map((of) => of.findIndex((time) => time >= ms)),
  async *read(topic, partition, from, to) {
    const records = times[partition]!.map(
      (timestampMs, offset) => ({ topic, partition, offset, timestampMs }) as LogRecord,
    );
    for (let at = from; at < to; at += 2) yield records.slice(at, Math.min(at + 2, to));
  },
  close: async () => undefined,
};

async function chosen(wanted: Wanted): Promise<number[]> {
  const seen: number[] = [];
  for await (const record of chooseRecords(reader, 'topic', wanted)) seen.push(record.timestampMs);
  return seen;
}

describe('chooseRecords', () => {
  it('returns the last records of all partitions, ordered by time', async () => {
    expect(await chosen({ max: 3 })).toEqual([60, 70, 80]);
  });

  it('returns the first records from a time on', async () => {
    expect(await chosen({ max: 3, from: 40 })).toEqual([40, 50, 60]);
  });

  it('keeps offset order within a partition, and prints partition by partition if there are too many records to sort', async () => {
    expect(await chosen({ max: 9, partition: 1, offset: 1 })).toEqual([40, 60, 80]);
    expect(await chosen({ max: mergedMax + 1 })).toEqual([10, 30, 50, 70, 20, 40, 60, 80]);
  });

  it('lists the existing partitions or offsets if the requested one does not exist', async () => {
    await expect(chosen({ max: 1, partition: 7 })).rejects.toThrow('partitions 0 to 1');
    await expect(chosen({ max: 1, partition: 0, offset: 4 })).rejects.toThrow('offsets 0 to 3');
  });
});

import { expect, it, vi } from 'vitest';
import type { InRecord } from '../../shared/kafka/index.ts';
import { createLanes } from './partition-buffers.ts';

const records = (from: number, count: number): InRecord[] =>
  Array.from({ length: count }, (_, i) => ({ offset: BigInt(from + i) }) as InRecord);
const flow = () => ({ pause: vi.fn(), resume: vi.fn() });
const limits = { recordsHigh: 10, recordsLow: 4 };

it('drops repeats of a fetch after a join', () => {
  const lanes = createLanes(flow(), limits);
  lanes.assign({ gained: [0], lost: [] });
  lanes.enqueue(0, records(0, 5));
  lanes.enqueue(0, records(2, 6));
  expect(lanes.take(100)[0]!.records.map((record) => Number(record.offset))).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7,
  ]);
});

it('pauses a full buffer and resumes it once it is empty enough', () => {
  const { pause, resume } = flow();
  const lanes = createLanes({ pause, resume }, limits);
  lanes.assign({ gained: [0], lost: [] });
  lanes.enqueue(0, records(0, 10));
  lanes.enqueue(0, records(10, 2));
  expect(pause).toHaveBeenCalledTimes(1);
  lanes.take(5);
  expect(resume).not.toHaveBeenCalled();
  lanes.take(5);
  expect(resume).toHaveBeenCalledExactlyOnceWith(0);
});

it('gives each buffer its share', () => {
  const lanes = createLanes(flow(), { recordsHigh: 1_000, recordsLow: 1 });
  lanes.assign({ gained: [0, 1, 2], lost: [] });
  for (const partition of [0, 1, 2]) lanes.enqueue(partition, records(0, 100));
  const slices = lanes.take(30);
  expect(slices.map((slice) => slice.records.length)).toEqual([10, 10, 10]);
});

it('commits only stored records, and none of a lost buffer', () => {
  const lanes = createLanes(flow(), limits);
  lanes.assign({ gained: [0, 1], lost: [] });
  lanes.enqueue(0, records(5, 2));
  lanes.enqueue(1, records(0, 1));
  const slices = lanes.take(100);
  expect(lanes.committable()).toEqual([]);
  lanes.assign({ gained: [], lost: [1] });
  lanes.stored(slices);
  expect(lanes.committable()).toEqual([{ partition: 0, offset: 7n }]);
  lanes.committed([{ partition: 0, offset: 7n }]);
  expect(lanes.committable()).toEqual([]);
});

it('ignores records of a partition that is not assigned', () => {
  const lanes = createLanes(flow(), limits);
  lanes.enqueue(3, records(0, 5));
  expect(lanes.queuedRecords()).toBe(0);
});

it('drops the buffered records of a partition that is read again, and commits none of them', () => {
  const { pause, resume } = flow();
  const lanes = createLanes({ pause, resume }, limits);
  lanes.assign({ gained: [0], lost: [] });
  lanes.enqueue(0, records(500, 20));
  const before = lanes.take(5);
  lanes.restart(0);
  expect(resume).toHaveBeenCalledWith(0);
  lanes.enqueue(0, records(3, 2));
  lanes.stored(before);
  expect(lanes.committable()).toEqual([]);
  const after = lanes.take(10);
  expect(after.map((slice) => slice.records.map((record) => Number(record.offset)))).toEqual([[3, 4]]);
  lanes.stored(after);
  expect(lanes.committable()).toEqual([{ partition: 0, offset: 5n }]);
  lanes.restart(7);
  expect(lanes.partitions()).toEqual([0]);
});

import { expect, it, vi } from 'vitest';
import type { InRecord } from '../../shared/kafka/index.ts';
import { createPartitionBuffers } from './partition-buffers.ts';

const records = (from: number, count: number): InRecord[] =>
  Array.from({ length: count }, (_, i) => ({ offset: BigInt(from + i) }) as InRecord);
const flow = () => ({ pause: vi.fn(), resume: vi.fn() });
const limits = { recordsHigh: 10, recordsLow: 4 };

it('drops repeats of a fetch after a join', () => {
  const buffers = createPartitionBuffers(flow(), limits);
  buffers.assign({ gained: [0], lost: [] });
  buffers.enqueue(0, records(0, 5));
  buffers.enqueue(0, records(2, 6));
  expect(buffers.take(100)[0]!.records.map((record) => Number(record.offset))).toEqual([
    0, 1, 2, 3, 4, 5, 6, 7,
  ]);
});

it('pauses a full buffer and resumes it once it is empty enough', () => {
  const { pause, resume } = flow();
  const buffers = createPartitionBuffers({ pause, resume }, limits);
  buffers.assign({ gained: [0], lost: [] });
  buffers.enqueue(0, records(0, 10));
  buffers.enqueue(0, records(10, 2));
  expect(pause).toHaveBeenCalledTimes(1);
  buffers.take(5);
  expect(resume).not.toHaveBeenCalled();
  buffers.take(5);
  expect(resume).toHaveBeenCalledExactlyOnceWith(0);
});

it('takes a fair share from each buffer', () => {
  const buffers = createPartitionBuffers(flow(), { recordsHigh: 1_000, recordsLow: 1 });
  buffers.assign({ gained: [0, 1, 2], lost: [] });
  for (const partition of [0, 1, 2]) buffers.enqueue(partition, records(0, 100));
  const slices = buffers.take(30);
  expect(slices.map((slice) => slice.records.length)).toEqual([10, 10, 10]);
});

it('commits only stored records, and none of a lost buffer', () => {
  const buffers = createPartitionBuffers(flow(), limits);
  buffers.assign({ gained: [0, 1], lost: [] });
  buffers.enqueue(0, records(5, 2));
  buffers.enqueue(1, records(0, 1));
  const slices = buffers.take(100);
  expect(buffers.committable()).toEqual([]);
  buffers.assign({ gained: [], lost: [1] });
  buffers.stored(slices);
  expect(buffers.committable()).toEqual([{ partition: 0, offset: 7n }]);
  buffers.committed([{ partition: 0, offset: 7n }]);
  expect(buffers.committable()).toEqual([]);
});

it('ignores records of a partition that is not assigned', () => {
  const buffers = createPartitionBuffers(flow(), limits);
  buffers.enqueue(3, records(0, 5));
  expect(buffers.queuedRecords()).toBe(0);
});

it('drops the buffered records of a partition that is read again, and commits none of them', () => {
  const { pause, resume } = flow();
  const buffers = createPartitionBuffers({ pause, resume }, limits);
  buffers.assign({ gained: [0], lost: [] });
  buffers.enqueue(0, records(500, 20));
  const before = buffers.take(5);
  buffers.restart(0);
  expect(resume).toHaveBeenCalledWith(0);
  buffers.enqueue(0, records(3, 2));
  buffers.stored(before);
  expect(buffers.committable()).toEqual([]);
  const after = buffers.take(10);
  expect(after.map((slice) => slice.records.map((record) => Number(record.offset)))).toEqual([[3, 4]]);
  buffers.stored(after);
  expect(buffers.committable()).toEqual([{ partition: 0, offset: 5n }]);
  buffers.restart(7);
  expect(buffers.partitions()).toEqual([0]);
});

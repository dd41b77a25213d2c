import { expect, test } from 'vitest';
import { commitTo, openLane } from '../testing/fakes.ts';
import { takeBatch } from './batch.ts';
import type { Lane } from './lane.ts';
import { growProbation, startProbation } from './probation.ts';

const limits = { recordsMax: 500, bytesMax: 1_000_000 };
const take = (lanes: Lane[]) => takeBatch(lanes, limits);

test('lanes of a crashed owner start in parallel with one record each, and double', () => {
  const lanes = [0, 1].map((partition) => openLane(partition, 20, { probation: startProbation(0, null) }));
  expect(take(lanes).map(({ records, alone }) => [records.length, alone])).toEqual([
    [1, false],
    [1, false],
  ]);
  for (const lane of lanes) commitTo(lane, 1);
  expect(take(lanes).map(({ records }) => records.length)).toEqual([2, 2]);
});

test('a suspect record is processed alone, until the lane is past the range that crashed a worker', () => {
  const probation = startProbation(0, { offset: 0, records: 2, attempts: 1 });
  const suspect = openLane(1, 20, { probation });
  const lanes = [openLane(0, 20), suspect, openLane(2, 20)];
  for (const to of [1, 2]) {
    const [part, ...others] = take(lanes);
    expect(others).toEqual([]);
    expect([part!.lane.partition, part!.records.length, part!.alone]).toEqual([1, 1, true]);
    commitTo(suspect, to);
  }
  expect(take(lanes)).toHaveLength(3);
});

test('ends after a batch as large as the largest that may have been in flight', () => {
  let probation: ReturnType<typeof growProbation> = startProbation(0, null);
  const sizes: number[] = [];
  for (let to = 1; probation !== null; to++) {
    sizes.push(probation.batchRecords);
    probation = growProbation(probation, to);
  }
  expect(sizes).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256]);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { weightOf } from '../../shared/consuming/index.ts';
import { commitTo, openLane, publishAndAcknowledge, recordAt } from '../testing/fakes.ts';
import { cut, firstHalf, recordCount, takeBatch } from './batch.ts';

const wide = { recordsMax: 100, bytesMax: 1_000_000 };

describe('takeBatch', () => {
  it('gives each lane an equal share, and an unused share to the others', () => {
    const lanes = [openLane(0, 90), openLane(1, 5), openLane(2, 90)];
    const parts = takeBatch(lanes, { ...wide, recordsMax: 60 });
    expect(parts.map(({ lane, records }) => [lane.partition, records.length])).toEqual([
      [0, 20],
      [1, 5],
      [2, 35],
    ]);
  });

  it('serves the first lanes if the limit is too small for all', () => {
    const lanes = [2, 0, 1].map((partition) => openLane(partition, 10));
    const parts = takeBatch(lanes, { ...wide, recordsMax: 2 });
    expect(parts.map(({ lane, records }) => [lane.partition, records.length])).toEqual([
      [2, 1],
      [0, 1],
    ]);
    expect(takeBatch([], wide)).toEqual([]);
  });

  it('contains the epoch, the offsets and the acknowledged rows of each lane', () => {
    const lane = openLane(0, 8);
    publishAndAcknowledge(lane, 0, 2);
    commitTo(lane, 2);
    const [part] = takeBatch([lane], { ...wide, recordsMax: 3 });
    expect(part).toMatchObject({
      epoch: 1,
      from: 2,
      to: 5,
      published: 2,
      ackedRows: [0],
      isOnProbation: false,
    });
  });

  it('respects its limits and the order, but takes at least one record of a lane', () => {
    const weight = weightOf(recordAt(0));
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 40 * weight }),
        (counts, recordsMax, bytesMax) => {
          const lanes = counts.map((count, partition) => openLane(partition, count));
          const parts = takeBatch(lanes, { recordsMax, bytesMax });
          expect(recordCount(parts)).toBeLessThanOrEqual(recordsMax);
          expect(recordCount(parts) > 0).toBe(counts.length > 0);
          for (const { lane, from, to, records } of parts) {
            expect(records.map(({ offset }) => Number(offset))).toEqual(
              Array.from({ length: to - from }, (_, index) => from + index),
            );
            expect(lane.heldRecords).toBe(counts[lane.partition]);
          }
          expect(recordCount(parts) * weight).toBeLessThan(bytesMax + parts.length * weight);
        },
      ),
    );
  });
});

describe('halving', () => {
  const batch = () => takeBatch([openLane(0, 7), openLane(1, 2), openLane(2, 1)], wide);

  it('keeps half of the lanes, then half of the records, then one record', () => {
    const sizes: number[][] = [];
    for (let parts = batch(); ; parts = firstHalf(parts)) {
      sizes.push(parts.map(({ records }) => records.length));
      if (recordCount(parts) === 1) break;
    }
    expect(sizes).toEqual([[7, 2, 1], [7, 2], [7], [3], [1]]);
  });

  it('sets the end to its last record', () => {
    const [part] = batch();
    expect(cut(part!, 3)).toMatchObject({ from: 0, to: 3, epoch: 1 });
  });
});

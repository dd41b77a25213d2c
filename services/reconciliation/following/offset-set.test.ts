import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createOffsetSet, windowOffsets } from './offset-set.ts';

it('moves its watermark over contiguous offsets and remembers offsets ahead of it', () => {
  const set = createOffsetSet(10, () => undefined);
  expect([set.add(10), set.add(12), set.add(12), set.add(9)]).toEqual(['new', 'new', 'repeat', 'settled']);
  expect(set.watermark()).toBe(11);
  expect(set.missingBelow(15, 100)).toEqual([11, 13, 14]);
  expect(set.add(11)).toBe('new');
  expect(set.watermark()).toBe(13);
});

it('reports a hole that leaves the window once, and continues', () => {
  const skipped: number[][] = [];
  const set = createOffsetSet(0, (from, to) => skipped.push([from, to]));
  set.add(1);
  set.add(windowOffsets + 2);
  expect(skipped).toEqual([
    [0, 1],
    [2, 3],
  ]);
  expect(set.watermark()).toBe(3);
  set.add(10 * windowOffsets);
  expect(set.watermark()).toBe(9 * windowOffsets + 1);
  expect(set.add(0)).toBe('settled');
});

it('contains the same offsets as a plain set, in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 100, max: 400 })), (offsets) => {
      const set = createOffsetSet(100, () => undefined);
      const plain = new Set<number>();
      for (const offset of offsets) {
        const isNew = !plain.has(offset);
        plain.add(offset);
        expect(set.add(offset) === 'new').toBe(isNew);
      }
      const missing = Array.from({ length: 301 }, (_, i) => 100 + i).filter((offset) => !plain.has(offset));
      expect(set.missingBelow(401, 1_000)).toEqual(missing);
      expect(set.watermark()).toBe(missing[0] ?? 401);
    }),
  );
});

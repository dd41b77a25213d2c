import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderKeyOf, placedAt } from './order-key.ts';

const anyPlace = fc.tuple(fc.nat({ max: 30 }), fc.integer({ min: 0, max: 2 ** 48 - 1 }));

describe('orderKeyOf', () => {
  it('splits like the generated columns, and sorts by partition, then by offset', () => {
    fc.assert(
      fc.property(anyPlace, anyPlace, ([partition, offset], [otherPartition, otherOffset]) => {
        const key = orderKeyOf(partition, offset);
        expect(Number.isSafeInteger(key)).toBe(true);
        expect([Number(BigInt(key) >> 48n), Number(BigInt(key) & (2n ** 48n - 1n))]).toEqual([
          partition,
          offset,
        ]);
        expect(placedAt(key)).toEqual({ partition, offset });
        const below = partition < otherPartition || (partition === otherPartition && offset < otherOffset);
        expect(key < orderKeyOf(otherPartition, otherOffset)).toBe(below);
      }),
    );
  });

  it.each([
    [-1, 0],
    [31, 0],
    [0, -1],
    [0, 2 ** 48],
    [Number.NaN, 0],
    [0, Number.NaN],
  ])('refuses partition %d, offset %d', (partition, offset) => {
    expect(() => orderKeyOf(partition, offset)).toThrow(RangeError);
  });
});

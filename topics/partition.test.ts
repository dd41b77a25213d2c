import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PARTITIONS, partitionOfOrder, partitionOfSku } from './partition.ts';

describe('the partition of an order', () => {
  // These values were calculated by hand. A change here moves orders of every running installation.
  it.each([
    ['00000000-0000-8000-8000-000000000000', 0],
    ['0000000b-0000-8000-8000-000000000000', 11],
    ['0000000c-0000-8000-8000-000000000000', 0],
    ['ffffffff-ffff-8fff-bfff-ffffffffffff', 3],
    ['3f2a9c1e-8d77-8b4f-9a2b-00112233aabb', 6],
    ['3F2A9C1E-8D77-8B4F-9A2B-00112233AABB', 6],
  ])('of %s is %i', (id, partition) => {
    expect(partitionOfOrder(id)).toBe(partition);
  });

  it('needs an id', () => {
    for (const id of ['', 'zzzzzzzz-', '3f2a9c1', '-3f2a9c1e', '0x3f2a9c']) {
      expect(() => partitionOfOrder(id)).toThrow(RangeError);
    }
  });

  it('has an even distribution over twelve partitions', () => {
    const counts = new Array<number>(PARTITIONS).fill(0);
    fc.assert(
      fc.property(fc.uuid({ version: 8 }), (id) => {
        const partition = partitionOfOrder(id);
        counts[partition] = (counts[partition] ?? 0) + 1;
      }),
      { numRuns: 1_200 },
    );
    for (const count of counts) expect(count).toBeGreaterThan(40);
  });
});

describe('the partition of a SKU', () => {
  // The values are the first four bytes of `printf %s SKU | sha256sum`, modulo 12.
  it.each([
    ['', 0xe3b0c442 % 12],
    ['abc', 0xba7816bf % 12],
    ['é', 0x4a99557e % 12],
  ])('of %j is %i', (sku, partition) => {
    expect(partitionOfSku(sku)).toBe(partition);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TopicPartition } from '../types.ts';
import { assignSticky, decodeOwnership, encodeOwnership, type Member } from './sticky-assigner.ts';

const partitionsOf = (count: number): TopicPartition[] =>
  Array.from({ length: count }, (_, partition) => ({ topic: 't', partition }));
const newcomer = (id: string): Member => ({ id, owned: [], generation: -1 });

/** Members join and leave. In each round every member claims its last assignment. */
const history = fc.record({
  partitions: fc.integer({ min: 0, max: 40 }),
  rounds: fc.array(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { minLength: 1 }), {
    minLength: 1,
    maxLength: 8,
  }),
});

describe('assignSticky', () => {
  it('gives each partition to one member and keeps shares within one of each other', () => {
    everyRound(({ shares, partitions }) => {
      const all = [...shares.values()].flat().map(({ partition }) => partition);
      expect(all.sort((x, y) => x - y)).toEqual(partitions.map(({ partition }) => partition));
      const sizes = [...shares.values()].map((share) => share.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    });
  });

  it('moves only the partitions that balance requires', () => {
    everyRound(({ shares, before, partitions }) => {
      const fair = Math.floor(partitions.length / shares.size);
      const extra = partitions.length % shares.size;
      const held = [...shares.keys()].map((id) => before.get(id)?.length ?? 0).sort((x, y) => y - x);
      const mayKeep = held.reduce((sum, count, i) => sum + Math.min(count, fair + (i < extra ? 1 : 0)), 0);
      let kept = 0;
      for (const [id, share] of shares) {
        const old = new Set(before.get(id)?.map(({ partition }) => partition));
        kept += share.filter(({ partition }) => old.has(partition)).length;
      }
      expect(kept).toBe(mayKeep);
    });
  });

  it('does not depend on the order of the members', () => {
    const members = [newcomer('x'), { id: 'y', owned: partitionsOf(5), generation: 3 }, newcomer('z')];
    expect(assignSticky(members.toReversed(), partitionsOf(12))).toEqual(
      assignSticky(members, partitionsOf(12)),
    );
  });

  it('gives a partition with two claims to the newer generation, whatever the names', () => {
    for (const [stale, fresh] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const at = (partition: number) => ({ topic: 't', partition });
      const shares = assignSticky(
        [
          { id: stale, owned: [at(0), at(1)], generation: 4 },
          { id: fresh, owned: [at(1), at(2)], generation: 5 },
        ],
        partitionsOf(4),
      );
      expect(shares.get(fresh)).toEqual([at(1), at(2)]);
      expect(shares.get(stale)).toEqual([at(0), at(3)]);
    }
  });

  it('leaves members without partitions if there are more members than partitions', () => {
    const shares = assignSticky([newcomer('a'), newcomer('b'), newcomer('c')], partitionsOf(2));
    expect([...shares.values()].map((share) => share.length).sort()).toEqual([0, 1, 1]);
  });
});

describe('claims', () => {
  it('are equal after encoding and decoding', () => {
    const claim = { owned: [...partitionsOf(3), { topic: 'u', partition: 0 }], generation: 9 };
    expect(decodeOwnership(encodeOwnership(claim))).toEqual(claim);
  });

  it('of another client are ignored', () => {
    for (const text of [
      '',
      'x',
      '{}',
      '[]',
      'null',
      '{"generation":1,"owned":null}',
      '{"generation":"1","owned":{}}',
    ]) {
      expect(decodeOwnership(Buffer.from(text))).toEqual({ owned: [], generation: -1 });
    }
    expect(decodeOwnership(Buffer.from('{"generation":1,"owned":{"t":[1,"x",null],"u":3}}')).owned).toEqual([
      { topic: 't', partition: 1 },
    ]);
  });
});

function everyRound(
  check: (round: {
    shares: Map<string, TopicPartition[]>;
    before: Map<string, TopicPartition[]>;
    partitions: TopicPartition[];
  }) => void,
): void {
  fc.assert(
    fc.property(history, ({ partitions: count, rounds }) => {
      const partitions = partitionsOf(count);
      let before = new Map<string, TopicPartition[]>();
      rounds.forEach((ids, generation) => {
        const members = ids.map((id) => ({ id, owned: before.get(id) ?? [], generation }));
        const shares = assignSticky(members, partitions);
        check({ shares, before, partitions });
        before = shares;
      });
    }),
  );
}

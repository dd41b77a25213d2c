import { expect, it } from 'vitest';
import { planLeases } from './leases.ts';

const nowMs = 1_000_000;
type Rows = Parameters<typeof planLeases>[0];
/** Rows of the twelve partitions. Each letter is an owner, and "-" is nobody. Owners in lower case are late. */
const rowsOf = (owners: string): Rows =>
  [...owners].map((letter, partition_id) => ({
    partition_id,
    owner: letter === '-' ? '' : letter.toUpperCase(),
    leased_until_ms: letter === '-' ? 0 : letter === letter.toLowerCase() ? nowMs : nowMs + 1,
  }));
const plan = (owners: string, members: number): number[] => planLeases(rowsOf(owners), 'A', nowMs, members);

it('one instance takes everything that is free', () => {
  expect(plan('------------', 1)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

it('an instance releases what is more than its share', () => {
  expect(plan('AAAAAAAAAAAA', 2)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(plan('AAAAAAAAAAAA', 5)).toEqual([0, 1, 2]);
});

it('a new instance takes free partitions up to its share, and no leased one', () => {
  expect(plan('BBBBBBBBBBBB', 2)).toEqual([]);
  expect(plan('BBBBBB------', 2)).toEqual([6, 7, 8, 9, 10, 11]);
  expect(plan('BBBBBB------', 3)).toEqual([6, 7, 8, 9]);
});

it('an instance takes the partitions whose lease has ended, and keeps its own ones first', () => {
  expect(plan('bbbbbbAAAAAA', 1)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(plan('bbbbbbAAAAAA', 2)).toEqual([6, 7, 8, 9, 10, 11]);
});

it('an instance that comes back late keeps partitions that nobody took', () => {
  expect(plan('aaaBBBBBBBBB', 2)).toEqual([0, 1, 2]);
});

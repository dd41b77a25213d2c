import { expect, it } from 'vitest';
import { recordAt } from '../testing/fakes.ts';
import { isFingerprint, jumpTo, markOf, noRecordMark, sourceOffsetOf } from './log-fingerprint.ts';

it('a fingerprint distinguishes records by time, key and value, and is stable', () => {
  const ids = [
    recordAt(7),
    recordAt(7, { timestampMs: 1_001 }),
    recordAt(7, { value: Buffer.from('other') }),
    recordAt(7, { value: null }),
    recordAt(7, { key: Buffer.from('va'), value: Buffer.from('lue') }),
    recordAt(7, { key: Buffer.alloc(0) }),
  ].map((record) => markOf(record).id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(markOf(recordAt(7, { headers: { traced: 'by a proxy' } }))).toEqual({ offset: 7, id: ids[0] });
  expect(ids[0]).toMatch(/^[\w-]{22}$/);
});

it('a mark that an operator wrote is compared with no record', () => {
  expect([isFingerprint(markOf(recordAt(1))), isFingerprint(noRecordMark)]).toEqual([true, false]);
  expect(isFingerprint({ offset: 2, id: jumpTo(5) })).toBe(false);
});

it('only an outcome has a source offset', () => {
  const sourceOf = (id: string | undefined) => sourceOffsetOf({ headers: { ce_id: id } });
  expect([sourceOf('3-120'), sourceOf('3-'), sourceOf(undefined)]).toEqual([120, null, null]);
});

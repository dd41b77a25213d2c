import { describe, expect, it } from 'vitest';
import { offsetsOf, recordAt, recordsOf } from '../testing/fakes.ts';
import { LaneBuffer } from './lane-buffer.ts';

const limits = { highRecords: 10, lowRecords: 5, highBytes: 10_000, unpublishedMax: 2 };

function newBuffer() {
  const events: string[] = [];
  const buffer = new LaneBuffer(limits, {
    onFull: () => events.push('full'),
    onRoom: () => events.push('room'),
    onGap: (expected, offset) => events.push(`gap ${expected}-${offset}`),
  });
  const held = () => offsetsOf(buffer.peek(99, 1_000_000));
  return { buffer, events, held };
}

describe('the buffer of a lane', () => {
  it('drops records that it had before', () => {
    const { buffer, held } = newBuffer();
    buffer.add(recordsOf(0, 4));
    buffer.add(recordsOf(2, 6));
    expect(held()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('reports once that it is full, and once that it has enough room again', () => {
    const { buffer, events } = newBuffer();
    buffer.add(recordsOf(0, 9));
    expect(events).toEqual([]);
    buffer.add(recordsOf(9, 12));
    buffer.add(recordsOf(12, 13));
    expect(events).toEqual(['full']);
    buffer.dropBelow(7);
    expect([events, buffer.isPaused]).toEqual([['full'], true]);
    buffer.dropBelow(8);
    expect([events, buffer.isPaused]).toEqual([['full', 'room'], false]);
  });

  it('counts keys and headers', () => {
    const { buffer, events } = newBuffer();
    const key = Buffer.alloc(6_000);
    buffer.add([recordAt(0, { key }), recordAt(1, { key })]);
    expect(events).toEqual(['full']);
  });

  it('fetches missing offsets once more, and accepts the same result', () => {
    const { buffer, events, held } = newBuffer();
    buffer.add([recordAt(0), recordAt(3)]);
    expect(events).toEqual(['gap 1-3']);
    expect(held()).toEqual([0]);
    buffer.add([recordAt(3)]);
    expect(held()).toEqual([0, 3]);
  });

  it('drops records before the position, and fetches again if it starts after the position', () => {
    const { buffer, held } = newBuffer();
    buffer.add(recordsOf(0, 6));
    buffer.startAt(4);
    expect([held(), buffer.fetchOffset]).toEqual([[4, 5], 6]);
    buffer.startAt(3);
    expect([held(), buffer.fetchOffset]).toEqual([[], 3]);
    buffer.add(recordsOf(3, 5));
    expect(held()).toEqual([3, 4]);
  });
});

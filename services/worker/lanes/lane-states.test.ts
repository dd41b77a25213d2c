import { describe, expect, it, vi } from 'vitest';
import { newLane, offsetsOf, recordsOf } from '../testing/fakes.ts';
import type { Lane } from './lane.ts';

const limits = { highRecords: 10, lowRecords: 5, highBytes: 10_000, unpublishedMax: 2 };
const opened = { epoch: 3, nextOffset: 0, publishedOffset: 0 };
const isReady = (lane: Lane) => lane.isReady(performance.now());

describe('the states of a lane', () => {
  it('begins claiming, gathers records, and gives none before it is open', () => {
    const { lane, told } = newLane({ limits });
    lane.enqueue(recordsOf(0, 3));
    expect([lane.state, isReady(lane), lane.heldRecords]).toEqual(['claiming', false, 3]);
    lane.open(opened, null);
    expect([lane.state, isReady(lane), lane.epoch]).toEqual(['running', true, 3]);
    expect(told).toContain('work');
  });

  it('goes back to claiming when it was fenced, and only then', () => {
    const { lane } = newLane({ limits });
    lane.reclaim();
    expect(lane.state).toBe('claiming');
    lane.open(opened, null);
    lane.reclaim();
    expect(lane.state).toBe('claiming');
    lane.open({ ...opened, epoch: 4 }, null);
    expect([lane.state, lane.epoch]).toEqual(['running', 4]);
  });

  it('is stopped for good, and no longer held once it was fenced', () => {
    const { lane } = newLane({ limits });
    lane.open(opened, null);
    lane.stop('why');
    lane.open({ ...opened, epoch: 4 }, null);
    expect([lane.state, lane.epoch, lane.isHeld, lane.stoppedBecause]).toEqual(['stopped', 3, true, 'why']);
    lane.reclaim();
    expect([lane.state, lane.isHeld]).toEqual(['stopped', false]);
  });

  it('takes nothing more when stopped, but keeps what it knows', () => {
    const { lane } = newLane({ limits });
    lane.enqueue(recordsOf(0, 2));
    lane.open(opened, null);
    lane.stop('why');
    lane.enqueue(recordsOf(2, 4));
    expect([lane.heldRecords, isReady(lane)]).toEqual([2, false]);
  });

  it('is over when closed, whatever comes', () => {
    const { lane } = newLane({ limits });
    lane.enqueue(recordsOf(0, 2));
    lane.open(opened, null);
    lane.close();
    lane.stop('late');
    lane.reclaim();
    lane.open(opened, null);
    lane.enqueue(recordsOf(2, 4));
    expect([lane.state, lane.heldRecords, isReady(lane)]).toEqual(['closed', 0, false]);
  });
});

describe('a running lane', () => {
  it('drops what it was given before', () => {
    const { lane } = newLane({ limits });
    lane.open(opened, null);
    lane.enqueue(recordsOf(0, 4));
    lane.enqueue(recordsOf(2, 6));
    expect(offsetsOf(lane.peek(99, 9_999))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('says once that it is full and once that there is room, with a distance between', () => {
    const { lane, told } = newLane({ limits });
    const marks = () => told.filter((word) => word !== 'work');
    lane.open(opened, null);
    lane.enqueue(recordsOf(0, 9));
    expect(marks()).toEqual([]);
    lane.enqueue(recordsOf(9, 12));
    lane.enqueue(recordsOf(12, 13));
    expect(marks()).toEqual(['full']);
    lane.advance(7, []);
    expect(marks()).toEqual(['full']);
    lane.advance(8, []);
    expect(marks()).toEqual(['full', 'room']);
  });

  it('waits for acknowledgements when too many batches have none', () => {
    const { lane } = newLane({ limits });
    lane.enqueue(recordsOf(0, 5));
    lane.open(opened, null);
    lane.handOver();
    expect(isReady(lane)).toBe(true);
    lane.handOver();
    expect(isReady(lane)).toBe(false);
    lane.acknowledge(0, 2);
    expect(isReady(lane)).toBe(true);
    expect([lane.ackedOffset, lane.ackedRows]).toEqual([2, [0]]);
  });

  it('forgets the acknowledged rows that were deleted, and no others', () => {
    const { lane } = newLane({ limits });
    lane.open(opened, null);
    for (const from of [0, 2, 4]) {
      lane.handOver();
      lane.acknowledge(from, from + 2);
    }
    lane.advance(6, [0, 4]);
    expect([lane.nextOffset, lane.ackedOffset, lane.ackedRows]).toEqual([6, 6, [2]]);
  });

  it('is not ready while it is held, and says when that is over', () => {
    vi.useFakeTimers();
    try {
      const { lane, told } = newLane({ limits });
      lane.enqueue(recordsOf(0, 1));
      lane.open(opened, null);
      lane.holdFor(500);
      told.length = 0;
      vi.advanceTimersByTime(499);
      expect([isReady(lane), told]).toEqual([false, []]);
      vi.advanceTimersByTime(1);
      expect([isReady(lane), told]).toEqual([true, ['work']]);
    } finally {
      vi.useRealTimers();
    }
  });
});

import { describe, expect, it, vi } from 'vitest';
import {
  commitTo,
  heldOffsets,
  newLane,
  openLane,
  publishAndAcknowledge,
  publishUnacknowledged,
  recordsOf,
} from '../testing/fakes.ts';
import type { Lane } from './lane.ts';

const limits = { highRecords: 10, lowRecords: 5, highBytes: 10_000, unpublishedMax: 2 };
const start = { epoch: 1, nextOffset: 0, publishedOffset: 0 };
const isReady = (lane: Lane) => lane.isReady(performance.now());

function runningLane(records: number) {
  const { lane, events } = newLane({ limits });
  lane.fetched(recordsOf(0, records));
  lane.claimed(start, null);
  return { lane, events };
}

describe('a claimed lane', () => {
  it('drops records that others decided, and keeps the rest', () => {
    const { lane } = newLane({ limits });
    lane.fetched(recordsOf(0, 6));
    lane.claimed({ ...start, nextOffset: 4, publishedOffset: 4 }, null);
    expect([heldOffsets(lane), lane.fetchOffset]).toEqual([[4, 5], 6]);
  });

  it('fetches again if the database position is before its records, so that it skips no record', () => {
    const { lane } = runningLane(8);
    commitTo(lane, 6);
    lane.fenceLost();
    lane.claimed({ epoch: 2, nextOffset: 3, publishedOffset: 3 }, null);
    expect([heldOffsets(lane), lane.fetchOffset]).toEqual([[], 3]);
    lane.fetched(recordsOf(3, 5));
    expect(heldOffsets(lane)).toEqual([3, 4]);
  });

  it('counts the unpublished outcomes of its last owner as not acknowledged', () => {
    const { lane } = newLane({ limits });
    lane.claimed({ ...start, nextOffset: 9, publishedOffset: 4 }, null);
    expect(lane.position.ackedOffset).toBe(4);
    lane.acknowledged(4, 9);
    expect(lane.position.ackedOffset).toBe(9);
  });

  it('stays full after a lost fence', () => {
    const { lane, events } = runningLane(10);
    lane.fenceLost();
    lane.claimed({ epoch: 2, nextOffset: 1, publishedOffset: 1 }, null);
    expect(lane.isFull).toBe(true);
    commitTo(lane, 5);
    expect(events.filter((event) => event !== 'work')).toEqual(['full', 'room']);
    expect(lane.isFull).toBe(false);
  });

  it('makes small batches on probation, and larger ones after each commit', () => {
    const lane = openLane(0, 9, { probation: { batchRecords: 1, singleBelow: 0 } });
    expect([lane.isOnProbation, lane.head(9, 9_999).length]).toEqual([true, 1]);
    commitTo(lane, 1);
    expect(lane.head(9, 9_999).length).toBe(2);
  });

  it('stores an attempt once per process', () => {
    const { lane } = runningLane(1);
    expect(lane.isAttemptStored(0, 2)).toBe(false);
    lane.attemptStored(0, 2);
    lane.fenceLost();
    lane.claimed({ ...start, epoch: 2 }, null);
    expect([lane.isAttemptStored(0, 2), lane.isAttemptStored(0, 1)]).toEqual([true, false]);
  });
});

describe('a running lane', () => {
  it('waits for acknowledgements if too many batches have none', () => {
    const { lane } = runningLane(5);
    publishUnacknowledged(lane);
    expect(isReady(lane)).toBe(true);
    publishUnacknowledged(lane);
    expect(isReady(lane)).toBe(false);
    lane.acknowledged(0, 2);
    expect(isReady(lane)).toBe(true);
    expect([lane.position.ackedOffset, lane.ackedRows]).toEqual([2, [0]]);
  });

  it('publishes its batches one after the other', async () => {
    const { lane } = runningLane(0);
    const order: string[] = [];
    const first = Promise.withResolvers<void>();
    lane.publish(async () => {
      await first.promise;
      order.push('first');
    });
    lane.publish(async () => void order.push('second'));
    first.resolve();
    await lane.published;
    expect(order).toEqual(['first', 'second']);
  });

  it('forgets the acknowledged rows that were deleted, and no others', () => {
    const { lane } = runningLane(0);
    for (const from of [0, 2, 4]) publishAndAcknowledge(lane, from, from + 2);
    commitTo(lane, 6, [0, 4]);
    expect([lane.position.nextOffset, lane.position.ackedOffset, lane.ackedRows]).toEqual([6, 6, [2]]);
  });

  it('is not ready while its head is blocked, and reports when the delay is over', () => {
    vi.useFakeTimers({ now: 0 });
    vi.spyOn(Math, 'random').mockReturnValue(0.999_999);
    try {
      const { lane, events } = runningLane(1);
      lane.blocked('a record cannot be processed', { alone: true });
      events.length = 0;
      expect([isReady(lane), lane.isBlocked, lane.retriesAlone, events]).toEqual([false, true, true, []]);
      vi.advanceTimersByTime(500);
      expect([isReady(lane), events]).toEqual([true, ['work']]);
      commitTo(lane, 1);
      expect([lane.isBlocked, lane.retriesAlone]).toEqual([false, false]);
    } finally {
      vi.restoreAllMocks();
      vi.useRealTimers();
    }
  });

  it('reads ids first for 20 batches after a duplicate', () => {
    const { lane } = runningLane(0);
    lane.duplicateFound();
    for (let to = 1; to <= 20; to++) {
      expect(lane.readsIdsFirst).toBe(true);
      commitTo(lane, to);
    }
    expect(lane.readsIdsFirst).toBe(false);
  });

  it('shows its position, records and wait in a snapshot', () => {
    const { lane } = runningLane(3);
    publishUnacknowledged(lane);
    lane.publishFailed('Kafka is away');
    expect(lane.snapshot()).toMatchObject({
      partition: 0,
      state: 'running',
      epoch: 1,
      nextOffset: 0,
      heldRecords: 3,
      unpublishedBatches: 1,
      wait: { place: 'publish', why: 'Kafka is away', needsOperator: false },
    });
  });
});

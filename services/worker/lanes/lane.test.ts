import { describe, expect, test } from 'vitest';
import type { InRecord } from '../../shared/kafka/index.ts';
import { createLogger } from '../../shared/log/index.ts';
import { Lane, type LaneEvents } from './lane.ts';

const log = createLogger({ service: 'test', level: 'silent', instanceId: 'test' });

function record(offset: number, key: Buffer | null = null): InRecord {
  const value = Buffer.from('value');
  return {
    topic: 'orders.commands.v1',
    partition: 0,
    offset: BigInt(offset),
    timestampMs: 0,
    key,
    value,
    headers: {},
  };
}

function records(from: number, to: number): InRecord[] {
  return Array.from({ length: to - from }, (_, index) => record(from + index));
}

function newLane(): { lane: Lane; told: string[] } {
  const told: string[] = [];
  const events: LaneEvents = {
    onFull: () => told.push('full'),
    onRoom: () => told.push('room'),
    onWork: () => undefined,
    onGap: (_lane, expected, offset) => told.push(`gap ${expected}-${offset}`),
  };
  const limits = { highRecords: 10, lowRecords: 5, highBytes: 10_000, unpublishedMax: 4 };
  return { lane: new Lane({ partition: 0, log, limits, events }), told };
}

const opened = (nextOffset: number, publishedOffset = nextOffset) => ({
  epoch: 1,
  nextOffset,
  publishedOffset,
});
const heldOffsets = (lane: Lane) => lane.peek(100, 1_000_000).map(({ offset }) => Number(offset));

describe('a lane', () => {
  test('drops on opening what was decided by others, and keeps the rest', () => {
    const { lane } = newLane();
    lane.enqueue(records(0, 6));
    lane.open(opened(4), null);
    expect(heldOffsets(lane)).toEqual([4, 5]);
    expect(lane.fetchOffset).toBe(6);
  });

  test('fetches again when the database position is before its records, so that none is skipped', () => {
    const { lane } = newLane();
    lane.enqueue(records(0, 8));
    lane.open(opened(0), null);
    lane.advance(6, []);
    lane.reclaim();
    lane.open({ ...opened(3), epoch: 2 }, null);
    expect(heldOffsets(lane)).toEqual([]);
    expect(lane.fetchOffset).toBe(3);
    lane.enqueue(records(3, 5));
    expect(heldOffsets(lane)).toEqual([3, 4]);
  });

  test('counts outcomes that its last owner left unpublished as not acknowledged', () => {
    const { lane } = newLane();
    lane.open(opened(9, 4), null);
    expect(lane.ackedOffset).toBe(4);
    lane.acknowledge(4, 9);
    expect(lane.ackedOffset).toBe(9);
  });

  test('stays full through a lost fence', () => {
    const { lane, told } = newLane();
    lane.open(opened(0), null);
    lane.enqueue(records(0, 10));
    lane.reclaim();
    lane.open({ ...opened(1), epoch: 2 }, null);
    expect(lane.full).toBe(true);
    lane.advance(5, []);
    expect(told).toEqual(['full', 'room']);
    expect(lane.full).toBe(false);
  });

  test('counts keys and headers when it says that it is full', () => {
    const { lane, told } = newLane();
    lane.open(opened(0), null);
    lane.enqueue([record(0, Buffer.alloc(6_000)), record(1, Buffer.alloc(6_000))]);
    expect(told).toEqual(['full']);
  });

  test('asks once more for missing offsets, and accepts the same answer', () => {
    const { lane, told } = newLane();
    lane.open(opened(0), null);
    lane.enqueue([record(0), record(3)]);
    expect(told).toEqual(['gap 1-3']);
    expect(heldOffsets(lane)).toEqual([0]);
    lane.enqueue([record(3)]);
    expect(heldOffsets(lane)).toEqual([0, 3]);
  });
});

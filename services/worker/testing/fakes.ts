/** Records, lanes and a silent log for the tests of this room. */
import type { InRecord } from '../../shared/kafka/index.ts';
import { createLogger } from '../../shared/log/index.ts';
import { Lane, type LaneEvents } from '../lanes/lane.ts';
import type { LaneLimits } from '../lanes/lane-types.ts';

export const silent = createLogger({ service: 'test', level: 'silent', instanceId: 'test' });

export function recordAt(offset: number, change: Partial<InRecord> = {}): InRecord {
  return {
    topic: 'orders.commands.v1',
    partition: 0,
    offset: BigInt(offset),
    timestampMs: 1_000,
    key: null,
    value: Buffer.from('value'),
    headers: {},
    ...change,
  };
}

/** Records with `from <= offset < to`. */
export function recordsOf(from: number, to: number, change: Partial<InRecord> = {}): InRecord[] {
  return Array.from({ length: to - from }, (_, index) => recordAt(from + index, change));
}

export const offsetsOf = (records: readonly InRecord[]): number[] =>
  records.map(({ offset }) => Number(offset));

/** A lane that writes down what it tells its owner. */
export function newLane({ partition = 0, limits }: { partition?: number; limits?: LaneLimits } = {}): {
  lane: Lane;
  told: string[];
} {
  const told: string[] = [];
  const events: LaneEvents = {
    onFull: () => told.push('full'),
    onRoom: () => told.push('room'),
    onWork: () => told.push('work'),
    onGap: (_lane, expected, offset) => told.push(`gap ${expected}-${offset}`),
  };
  return { lane: new Lane({ partition, log: silent, limits, events }), told };
}

/** A running lane at offset 0 that holds `count` records. */
export function openLane(partition: number, count: number, value = Buffer.from('value')): Lane {
  const { lane } = newLane({ partition });
  lane.enqueue(recordsOf(0, count, { partition, value }));
  lane.open({ epoch: 1, nextOffset: 0, publishedOffset: 0 }, null);
  return lane;
}

/** Records, lanes and a silent log for the tests of the worker. */
import type { InRecord } from '../../shared/kafka/index.ts';
import { createLogger } from '../../shared/log/index.ts';
import type { LaneBatch } from '../lanes/batch.ts';
import { Lane } from '../lanes/lane.ts';
import type { LaneLimits } from '../lanes/lane-types.ts';
import type { Probation } from '../lanes/probation.ts';
import { noRecordMark } from '../takeover/log-fingerprint.ts';

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

/** The records with `from <= offset < to`. */
export function recordsOf(from: number, to: number, change: Partial<InRecord> = {}): InRecord[] {
  return Array.from({ length: to - from }, (_, index) => recordAt(from + index, change));
}

export const offsetsOf = (records: readonly InRecord[]): number[] =>
  records.map(({ offset }) => Number(offset));

/** The offsets of all records that the lane holds. */
export const heldOffsets = (lane: Lane): number[] => offsetsOf(lane.head(1_000, 1_000_000));

/** A claiming lane that records its events. */
export function newLane({ partition = 0, limits }: { partition?: number; limits?: LaneLimits } = {}): {
  lane: Lane;
  events: string[];
} {
  const events: string[] = [];
  const lane = new Lane({
    partition,
    log: silent,
    limits,
    events: {
      onFull: () => events.push('full'),
      onRoom: () => events.push('room'),
      onWork: () => events.push('work'),
      onGap: (expected, offset) => events.push(`gap ${expected}-${offset}`),
    },
  });
  return { lane, events };
}

/** A running lane at offset 0 that holds `count` records. */
export function openLane(
  partition: number,
  count: number,
  { value = Buffer.from('value'), probation = null }: { value?: Buffer; probation?: Probation | null } = {},
): Lane {
  const { lane } = newLane({ partition });
  lane.fetched(recordsOf(0, count, { partition, value }));
  lane.claimed({ epoch: 1, nextOffset: 0, publishedOffset: 0 }, probation);
  return lane;
}

/** The records as the only part of a batch of the lane, from offset 0 on. */
export function partOf(lane: Lane, records: readonly InRecord[]): LaneBatch {
  const to = records.length;
  const { epoch } = lane.position;
  return {
    lane,
    epoch,
    from: 0,
    to,
    records,
    published: 0,
    ackedRows: [],
    isOnProbation: false,
    alone: false,
  };
}

export function commitTo(lane: Lane, to: number, ackedRows: readonly number[] = []): void {
  lane.committed({ to, record: noRecordMark, ackedRows });
}

/** Publishes a batch of the lane that Kafka never acknowledges. */
export function publishUnacknowledged(lane: Lane): void {
  lane.publish(async () => undefined);
}

/** Publishes the batch from `from` to `to` and acknowledges it. */
export function publishAndAcknowledge(lane: Lane, from: number, to: number): void {
  publishUnacknowledged(lane);
  lane.acknowledged(from, to);
}

/** A batch: the first records of several lanes, decided in one transaction. */
import { weightOf } from '../../shared/consuming/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';
import type { Lane } from './lane.ts';

/** The part of one lane in a batch. */
export interface LaneBatch {
  readonly lane: Lane;
  /** The epoch of the lane when the batch was taken. The lane may have another epoch when the batch runs. */
  readonly epoch: number;
  readonly from: number;
  /** Offset after the last record. */
  readonly to: number;
  readonly records: readonly InRecord[];
  /** Outcomes below this offset are acknowledged. The fence stores this offset. */
  readonly published: number;
  /** First offsets of the outbox rows whose messages are acknowledged. This transaction deletes these rows. */
  readonly ackedRows: readonly number[];
  /** Whether the attempt is stored in `lane_attempts` before decoding. This transaction deletes that row. */
  readonly isOnProbation: boolean;
  /**
   * Whether this is a single record that may have crashed a worker. Meanwhile this process processes no other record.
   */
  readonly alone: boolean;
}

export interface BatchLimits {
  /** Maximum number of records over all lanes of the batch. */
  readonly recordsMax: number;
  /**
   * Maximum bytes of commands over all lanes. The events of a batch must fit one database packet and a few requests
   * to Kafka.
   */
  readonly bytesMax: number;
}

export const defaultBatchLimits: BatchLimits = { recordsMax: 500, bytesMax: 1024 * 1024 };

/**
 * Takes the first records of ready lanes, up to `limits` in total, beginning with the first lane. Each lane gets an
 * equal share. The next lanes get an unused share. A suspect record gets its own batch. A record that blocks its lane
 * gets its own batch too. Records stay in their lanes until the batch is committed.
 */
export function takeBatch(ready: readonly Lane[], limits: BatchLimits): LaneBatch[] {
  const suspect = ready.find(({ isSuspect }) => isSuspect);
  if (suspect !== undefined) return [{ ...takeHead(suspect, 1, limits.bytesMax), alone: true }];
  const blocked = ready.find(({ retriesAlone }) => retriesAlone);
  if (blocked !== undefined) return [takeHead(blocked, 1, limits.bytesMax)];
  const parts: LaneBatch[] = [];
  let recordsLeft = limits.recordsMax;
  let bytesLeft = limits.bytesMax;
  for (let index = 0; index < ready.length && recordsLeft > 0 && bytesLeft > 0; index++) {
    const lane = ready[index]!;
    const lanesLeft = ready.length - index;
    const part = takeHead(lane, Math.ceil(recordsLeft / lanesLeft), Math.ceil(bytesLeft / lanesLeft));
    recordsLeft -= part.records.length;
    for (const record of part.records) bytesLeft -= weightOf(record);
    parts.push(part);
  }
  return parts;
}

/** The first half of the batch: half of its lanes, or half of the records of its only lane. */
export function firstHalf(parts: readonly LaneBatch[]): LaneBatch[] {
  if (parts.length > 1) return parts.slice(0, Math.ceil(parts.length / 2));
  return parts.map((part) => cut(part, Math.max(1, Math.floor(part.records.length / 2))));
}

/** The part with only its first `count` records. */
export function cut(part: LaneBatch, count: number): LaneBatch {
  const records = part.records.slice(0, count);
  return { ...part, records, to: Number(records.at(-1)!.offset) + 1 };
}

/** Number of records in the batch. */
export function recordCount(parts: readonly LaneBatch[]): number {
  return parts.reduce((sum, part) => sum + part.records.length, 0);
}

function takeHead(lane: Lane, recordsMax: number, bytesMax: number): LaneBatch {
  const { epoch, nextOffset, ackedOffset } = lane.position;
  const records = lane.head(recordsMax, bytesMax);
  return {
    lane,
    epoch,
    from: nextOffset,
    to: Number(records.at(-1)!.offset) + 1,
    records,
    published: ackedOffset,
    ackedRows: lane.ackedRows,
    isOnProbation: lane.isOnProbation,
    alone: false,
  };
}

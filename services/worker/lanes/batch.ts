/** A batch: the heads of several lanes, decided in one transaction. */
import type { InRecord } from '../../shared/kafka/index.ts';
import type { Lane } from './lane.ts';
import { isSuspect } from './probation.ts';
import { weightOf } from './record-buffer.ts';

export interface LaneBatch {
  readonly lane: Lane;
  /** The epoch that the batch was taken under: a lane claimed anew meanwhile must not lend it another. */
  readonly epoch: number;
  readonly from: number;
  /** Offset behind the last record. */
  readonly to: number;
  readonly records: readonly InRecord[];
  /** Outcomes below this offset are acknowledged; goes into the fence. */
  readonly published: number;
  /** First offsets of outbox rows that are acknowledged; they go with this transaction. */
  readonly ackedRows: readonly number[];
  /** Marked in `lane_attempts` before decoding; the mark goes with the transaction. */
  readonly probing: boolean;
  /** One record that a worker may have died of: it is tried while this process works nothing else. */
  readonly alone: boolean;
}

export interface BatchLimits {
  /** Over all lanes of the batch. */
  readonly recordsMax: number;
  /** Bytes of commands over all lanes; events of a batch must fit one database packet and a few requests. */
  readonly bytesMax: number;
}

export const defaultBatchLimits: BatchLimits = { recordsMax: 500, bytesMax: 1024 * 1024 };

/**
 * Takes the heads of lanes that are ready, at most `limits` in all, the first lanes first: each an equal share, and
 * what one leaves to the others. A record that may have killed a worker is a batch of its own, and so is one that holds
 * its lane up. Records stay in their lanes until the batch is committed.
 */
export function takeBatch(ready: readonly Lane[], limits: BatchLimits): LaneBatch[] {
  const suspect = ready.find(isSuspect);
  if (suspect !== undefined) return [{ ...takeHead(suspect, 1, limits.bytesMax), alone: true }];
  const held = ready.find(({ isHeldBack }) => isHeldBack);
  if (held !== undefined) return [takeHead(held, 1, limits.bytesMax)];
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

/** The same batch with fewer records of each lane: the first half, at least one. */
export function firstHalf(parts: readonly LaneBatch[]): LaneBatch[] {
  const total = parts.reduce((sum, part) => sum + part.records.length, 0);
  if (parts.length > 1) return parts.slice(0, Math.ceil(parts.length / 2));
  return parts.map((part) => cut(part, Math.max(1, Math.floor(total / 2))));
}

/** The part with its first `count` records only. */
export function cut(part: LaneBatch, count: number): LaneBatch {
  const records = part.records.slice(0, count);
  return { ...part, records, to: Number(records.at(-1)!.offset) + 1 };
}

/** How many records the batch holds. */
export function recordCount(parts: readonly LaneBatch[]): number {
  return parts.reduce((sum, part) => sum + part.records.length, 0);
}

function takeHead(lane: Lane, recordsMax: number, bytesMax: number): LaneBatch {
  const { probation } = lane;
  const records = lane.peek(
    probation === null ? recordsMax : Math.min(recordsMax, probation.batchRecords),
    bytesMax,
  );
  return {
    lane,
    epoch: lane.epoch,
    from: lane.nextOffset,
    to: Number(records.at(-1)!.offset) + 1,
    records,
    published: lane.ackedOffset,
    ackedRows: [...lane.ackedRows],
    probing: probation !== null,
    alone: false,
  };
}

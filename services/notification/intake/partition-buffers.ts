/**
 * Fetched records that are not stored yet, one buffer per assigned partition.
 *
 * A buffer begins with its assignment, fills from the consumer, is emptied by the intake loop and ends when
 * the partition is lost. Above the high mark its partition is paused, below the low mark resumed. So the
 * consumer's callback never waits and memory stays bounded.
 */
import type { InRecord } from '../../shared/kafka/index.ts';

export interface LaneLimits {
  /** Records in a buffer at which its partition is paused. */
  recordsHigh: number;
  /** Records at which it is resumed. */
  recordsLow: number;
}

export interface Flow {
  pause(partition: number): void;
  resume(partition: number): void;
}

/** Records of one partition in offset order, taken from its buffer. */
export interface Slice {
  partition: number;
  records: InRecord[];
}

interface Lane {
  queue: InRecord[];
  lastEnqueued: bigint;
  paused: boolean;
  /** The offset after the last record whose deliveries are stored; null before the first. */
  stored: bigint | null;
  committed: bigint | null;
}

export interface Lanes {
  assign(change: { gained: readonly number[]; lost: readonly number[] }): void;
  /**
   * Adds the records of a fetch. Drops repeats after a join, when kafkajs reads from the committed offset
   * again.
   */
  enqueue(partition: number, records: readonly InRecord[]): void;
  /** The partition is read again from another offset; its buffered records are dropped. */
  restart(partition: number): void;
  /** Takes up to `recordsMax` records, a fair share from each buffer. */
  take(recordsMax: number): Slice[];
  /** Whether the slice belongs to the partition's current buffer; false once it was lost or is read again. */
  isCurrent(slice: Slice): boolean;
  /** The deliveries of these slices are stored. Ignores slices of buffers that were lost meanwhile. */
  stored(slices: readonly Slice[]): void;
  /** Group offsets that may be committed. */
  committable(): { partition: number; offset: bigint }[];
  committed(offsets: readonly { partition: number; offset: bigint }[]): void;
  partitions(): number[];
  queuedRecords(): number;
}

export function createLanes(flow: Flow, { recordsHigh, recordsLow }: LaneLimits): Lanes {
  const lanes = new Map<number, Lane>();
  /** A slice may outlive its buffer. */
  const laneOf = new WeakMap<Slice, Lane>();
  const isCurrent = (slice: Slice): boolean =>
    laneOf.has(slice) && lanes.get(slice.partition) === laneOf.get(slice);
  let first = 0;

  return {
    assign({ gained, lost }) {
      for (const partition of lost) lanes.delete(partition);
      for (const partition of gained) lanes.set(partition, emptyLane());
    },

    enqueue(partition, records) {
      const lane = lanes.get(partition);
      if (lane === undefined) return;
      for (const record of records) {
        if (record.offset <= lane.lastEnqueued) continue;
        lane.queue.push(record);
        lane.lastEnqueued = record.offset;
      }
      if (!lane.paused && lane.queue.length >= recordsHigh) {
        lane.paused = true;
        flow.pause(partition);
      }
    },

    restart(partition) {
      if (!lanes.has(partition)) return;
      lanes.set(partition, emptyLane());
      flow.resume(partition);
    },

    take(recordsMax) {
      const waiting = [...lanes].filter(([, lane]) => lane.queue.length > 0);
      if (waiting.length === 0) return [];
      // Each round begins one buffer later, so that rounding never favours the same partition.
      first = (first + 1) % waiting.length;
      const ordered = [...waiting.slice(first), ...waiting.slice(0, first)];
      const slices: Slice[] = [];
      let room = recordsMax;
      ordered.forEach(([partition, lane], index) => {
        const share = Math.ceil(room / (ordered.length - index));
        const records = lane.queue.splice(0, share);
        if (records.length === 0) return;
        room -= records.length;
        const slice = { partition, records };
        laneOf.set(slice, lane);
        slices.push(slice);
        if (lane.paused && lane.queue.length <= recordsLow) {
          lane.paused = false;
          flow.resume(partition);
        }
      });
      return slices;
    },

    isCurrent,

    stored(slices) {
      for (const slice of slices) {
        const last = slice.records.at(-1);
        const lane = lanes.get(slice.partition);
        if (lane === undefined || last === undefined || !isCurrent(slice)) continue;
        lane.stored = last.offset + 1n;
      }
    },

    committable() {
      return [...lanes].flatMap(([partition, lane]) =>
        lane.stored !== null && lane.stored !== lane.committed ? [{ partition, offset: lane.stored }] : [],
      );
    },

    committed(offsets) {
      for (const { partition, offset } of offsets) {
        const lane = lanes.get(partition);
        if (lane !== undefined) lane.committed = offset;
      }
    },

    partitions: () => [...lanes.keys()],
    queuedRecords: () => lanes.values().reduce((sum, lane) => sum + lane.queue.length, 0),
  };
}

function emptyLane(): Lane {
  return { queue: [], lastEnqueued: -1n, paused: false, stored: null, committed: null };
}

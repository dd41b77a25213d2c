/**
 * Fetched records that are not stored yet, one buffer per assigned partition.
 *
 * A buffer exists while its partition is assigned. The consumer fills it, and the intake loop empties it. A
 * full buffer pauses its partition.
 */
import { type BufferLimits, PartitionBuffer } from '../../shared/consuming/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';

export interface Flow {
  pause(partition: number): void;
  resume(partition: number): void;
}

/** Records of one partition in offset order, taken from its buffer. */
export interface Slice {
  partition: number;
  records: InRecord[];
}

interface Assigned {
  readonly buffer: PartitionBuffer;
  /** The offset after the last record whose deliveries are stored; null before the first. */
  stored: bigint | null;
  committed: bigint | null;
}

export interface PartitionBuffers {
  assign(change: { gained: readonly number[]; lost: readonly number[] }): void;
  /** Adds the records of a fetch, without repeats. */
  enqueue(partition: number, records: readonly InRecord[]): void;
  /** Drops the buffered records of a partition that is read again from another offset. */
  restart(partition: number): void;
  /** Takes up to `recordsMax` records, a fair share from each buffer. */
  take(recordsMax: number): Slice[];
  /**
   * Whether the slice belongs to the partition's current buffer. False after the partition was lost or
   * restarted.
   */
  isCurrent(slice: Slice): boolean;
  /**
   * Records that the deliveries of these slices are stored. Ignores slices of buffers that were lost meanwhile.
   */
  stored(slices: readonly Slice[]): void;
  /** Group offsets that may be committed. */
  committable(): { partition: number; offset: bigint }[];
  committed(offsets: readonly { partition: number; offset: bigint }[]): void;
  partitions(): number[];
  queuedRecords(): number;
}

export function createPartitionBuffers(flow: Flow, limits: BufferLimits): PartitionBuffers {
  const assigned = new Map<number, Assigned>();
  /** The buffer of each slice. A slice may outlive its buffer. */
  const origin = new WeakMap<Slice, Assigned>();
  const isCurrent = (slice: Slice): boolean =>
    origin.has(slice) && assigned.get(slice.partition) === origin.get(slice);
  const begin = (partition: number): void => {
    const own = { pause: () => flow.pause(partition), resume: () => flow.resume(partition) };
    assigned.set(partition, { buffer: new PartitionBuffer(limits, own), stored: null, committed: null });
  };
  let first = 0;

  return {
    assign({ gained, lost }) {
      for (const partition of lost) assigned.delete(partition);
      for (const partition of gained) begin(partition);
    },

    enqueue(partition, records) {
      assigned.get(partition)?.buffer.addNew(records);
    },

    restart(partition) {
      if (!assigned.has(partition)) return;
      begin(partition);
      flow.resume(partition);
    },

    take(recordsMax) {
      const filled = [...assigned].filter(([, { buffer }]) => buffer.length > 0);
      if (filled.length === 0) return [];
      // Each round begins one partition further, so that rounding never favours the same partition.
      first = (first + 1) % filled.length;
      const ordered = [...filled.slice(first), ...filled.slice(0, first)];
      const slices: Slice[] = [];
      let room = recordsMax;
      ordered.forEach(([partition, own], index) => {
        const records = own.buffer.take(Math.ceil(room / (ordered.length - index)));
        if (records.length === 0) return;
        room -= records.length;
        const slice = { partition, records };
        origin.set(slice, own);
        slices.push(slice);
      });
      return slices;
    },

    isCurrent,

    stored(slices) {
      for (const slice of slices) {
        const last = slice.records.at(-1);
        const own = assigned.get(slice.partition);
        if (own === undefined || last === undefined || !isCurrent(slice)) continue;
        own.stored = last.offset + 1n;
      }
    },

    committable() {
      return [...assigned].flatMap(([partition, { stored, committed }]) =>
        stored !== null && stored !== committed ? [{ partition, offset: stored }] : [],
      );
    },

    committed(offsets) {
      for (const { partition, offset } of offsets) {
        const own = assigned.get(partition);
        if (own !== undefined) own.committed = offset;
      }
    },

    partitions: () => [...assigned.keys()],
    queuedRecords: () => assigned.values().reduce((sum, { buffer }) => sum + buffer.length, 0),
  };
}

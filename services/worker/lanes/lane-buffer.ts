/**
 * The fetched records of a lane that are not decided yet: in offset order, without duplicates and without unexplained gaps, and
 * bounded. A full buffer asks its owner to pause the partition. A buffer with room again asks to resume it.
 */
import { PartitionBuffer } from '../../shared/consuming/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';
import type { BufferEvents, LaneLimits } from './lane-types.ts';

export class LaneBuffer {
  readonly #events: BufferEvents;
  readonly #records: PartitionBuffer;
  /** Lowest offset that is not in the buffer yet; -1 before the first record. */
  #expectedOffset = -1;
  #gapAccepted = -1;

  constructor({ highRecords, lowRecords, highBytes }: LaneLimits, events: BufferEvents) {
    this.#events = events;
    this.#records = new PartitionBuffer(
      { recordsHigh: highRecords, recordsLow: lowRecords, bytesHigh: highBytes },
      { pause: () => events.onFull(), resume: () => events.onRoom() },
    );
  }

  get length(): number {
    return this.#records.length;
  }

  /** The next offset to fetch. */
  get fetchOffset(): number {
    return this.#expectedOffset;
  }

  /** Whether fetching is paused until the buffer has room. */
  get isPaused(): boolean {
    return this.#records.isPaused;
  }

  /** Adds fetched records. Drops those that it had before. Never throws. */
  add(records: readonly InRecord[]): void {
    for (const record of records) {
      const offset = Number(record.offset);
      if (offset < this.#expectedOffset) continue;
      if (this.#expectedOffset >= 0 && offset > this.#expectedOffset && this.#gapAccepted !== offset) {
        // The log is read again from the missing offset. It returns the records or the same gap.
        this.#gapAccepted = offset;
        this.#events.onGap(this.#expectedOffset, offset);
        break;
      }
      this.#expectedOffset = offset + 1;
      this.#records.push(record);
    }
  }

  /**
   * Drops everything below the offset. If the next record has another offset, all records are fetched again.
   */
  startAt(offset: number): void {
    this.dropBelow(offset);
    if (this.#records.firstOffset === offset) return;
    this.dropBelow(Number.POSITIVE_INFINITY);
    this.#expectedOffset = offset;
  }

  dropBelow(offset: number): void {
    this.#records.dropBelow(offset);
  }

  /** The first records, left in place; at least one if there is one. */
  peek(recordsMax: number, bytesMax: number): InRecord[] {
    return this.#records.peek(recordsMax, bytesMax);
  }

  clear(): void {
    this.#records.clear();
  }
}

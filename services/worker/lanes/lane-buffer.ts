/**
 * The fetched records of a lane that are not decided yet. The buffer is bounded. Its records are in offset order,
 * without duplicates or unexplained gaps. A full buffer asks its owner to pause the partition, and later to resume
 * it.
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

  /** Adds fetched records. Drops records that the buffer had before. Never throws. */
  add(records: readonly InRecord[]): void {
    for (const record of records) {
      const offset = Number(record.offset);
      if (offset < this.#expectedOffset) continue;
      if (this.#expectedOffset >= 0 && offset > this.#expectedOffset && this.#gapAccepted !== offset) {
        // The consumer reads the log again from the missing offset. It gets the records or the same gap.
        this.#gapAccepted = offset;
        this.#events.onGap(this.#expectedOffset, offset);
        break;
      }
      this.#expectedOffset = offset + 1;
      this.#records.push(record);
    }
  }

  /**
   * Drops all records below the offset. If the next record has another offset, drops all, and the consumer fetches
   * them again.
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

  /** The first records of the buffer, at least one if it has any. The records stay in the buffer. */
  peek(recordsMax: number, bytesMax: number): InRecord[] {
    return this.#records.peek(recordsMax, bytesMax);
  }

  clear(): void {
    this.#records.clear();
  }
}

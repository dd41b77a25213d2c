/**
 * The fetched records of a lane that are not decided yet: in offset order, without duplicates, and bounded. A full buffer
 * asks its owner to pause the partition. A buffer with room again asks to resume it.
 */
import type { InRecord } from '../../shared/kafka/index.ts';
import type { BufferEvents, LaneLimits } from './lane-types.ts';
import { RecordBuffer } from './record-buffer.ts';

export class LaneBuffer {
  readonly #limits: LaneLimits;
  readonly #events: BufferEvents;
  readonly #records = new RecordBuffer();
  /** Lowest offset that is not in the buffer yet; -1 before the first record. */
  #expectedOffset = -1;
  #gapAccepted = -1;
  #isPaused = false;

  constructor(limits: LaneLimits, events: BufferEvents) {
    this.#limits = limits;
    this.#events = events;
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
    return this.#isPaused;
  }

  /** Adds fetched records. Drops those that it had before. Never throws. */
  add(records: readonly InRecord[]): void {
    for (const record of records) {
      const offset = Number(record.offset);
      if (offset < this.#expectedOffset) continue;
      if (this.#expectedOffset >= 0 && offset > this.#expectedOffset && this.#gapAccepted !== offset) {
        // Asked again from the missing offset, the log either has it or answers with the same gap.
        this.#gapAccepted = offset;
        this.#events.onGap(this.#expectedOffset, offset);
        break;
      }
      this.#expectedOffset = offset + 1;
      this.#records.push(record);
    }
    if (!this.#isPaused && this.#isFull()) {
      this.#isPaused = true;
      this.#events.onFull();
    }
  }

  /** Drops everything below the offset. If the next record is not the one at the offset, all are fetched again. */
  startAt(offset: number): void {
    this.dropBelow(offset);
    if (this.#records.firstOffset === offset) return;
    this.dropBelow(Number.POSITIVE_INFINITY);
    this.#expectedOffset = offset;
  }

  dropBelow(offset: number): void {
    this.#records.dropBelow(offset);
    if (this.#isPaused && this.#records.length <= this.#limits.lowRecords && !this.#isFull()) {
      this.#isPaused = false;
      this.#events.onRoom();
    }
  }

  /** The first records, left in place; at least one if there is one. */
  peek(recordsMax: number, bytesMax: number): InRecord[] {
    return this.#records.peek(recordsMax, bytesMax);
  }

  clear(): void {
    this.#records.clear();
  }

  #isFull(): boolean {
    return this.#records.length >= this.#limits.highRecords || this.#records.bytes >= this.#limits.highBytes;
  }
}

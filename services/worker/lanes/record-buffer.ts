/** Fetched records of one partition in offset order: pushed at the tail, read and dropped at the head. */
import { headersBytes, type InRecord } from '../../shared/kafka/index.ts';

/** Memory of a buffered record besides its content. */
const recordOverheadBytes = 64;
/** Number of dropped records after which the array is cut. */
const slackMax = 1_024;

export class RecordBuffer {
  #records: InRecord[] = [];
  #head = 0;
  #bytes = 0;

  get length(): number {
    return this.#records.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Offset of the head; -1 if the buffer is empty. */
  get firstOffset(): number {
    const head = this.#records[this.#head];
    return head === undefined ? -1 : Number(head.offset);
  }

  push(record: InRecord): void {
    this.#records.push(record);
    this.#bytes += weightOf(record);
  }

  /** The first records within both limits; at least one if there is one. */
  peek(recordsMax: number, bytesMax: number): InRecord[] {
    const end = Math.min(this.#records.length, this.#head + recordsMax);
    let bytes = 0;
    let at = this.#head;
    while (at < end) {
      bytes += weightOf(this.#records[at]!);
      if (bytes > bytesMax && at > this.#head) break;
      at += 1;
    }
    return this.#records.slice(this.#head, at);
  }

  /** Drops all records below the offset. */
  dropBelow(offset: number): void {
    while (this.#head < this.#records.length && Number(this.#records[this.#head]!.offset) < offset) {
      this.#bytes -= weightOf(this.#records[this.#head]!);
      this.#head += 1;
    }
    if (this.#head === this.#records.length) this.clear();
    else if (this.#head >= slackMax) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
  }

  clear(): void {
    this.#records = [];
    this.#head = 0;
    this.#bytes = 0;
  }
}

/** Bytes of a record in memory, in the outbox and in a request: keys and headers can be as large as values. */
export function weightOf(record: InRecord): number {
  const { key, value } = record;
  return recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0) + headersBytes(record);
}

/**
 * Holds records between the consumer's callback, which must not wait, and the processing loop. A full buffer
 * pauses the consumer.
 */
import { headersBytes, type InRecord } from '../kafka/index.ts';

export interface BufferLimits {
  /** Records at which the flow is paused. */
  readonly recordsHigh: number;
  /** Records at which the flow is resumed. */
  readonly recordsLow: number;
  /** Bytes at which the flow is paused. Without this limit, the buffer does not count bytes. */
  readonly bytesHigh?: number;
}

/** Pauses and resumes the consumer for the records that go into this buffer. */
interface BufferFlow {
  pause(): void;
  resume(): void;
}

/** Memory of a buffered record without its content. */
const recordOverheadBytes = 64;
/** The number of removed records at which the array is copied without them. */
const slackMax = 1_024;

/**
 * A queue in order of arrival, usually of one partition. It accepts records from the start; `stop` and
 * `startAt` change that. Adding and removing take constant time per record.
 */
export class PartitionBuffer {
  readonly #limits: BufferLimits;
  readonly #flow: BufferFlow;
  #records: InRecord[] = [];
  #head = 0;
  #bytes = 0;
  #isPaused = false;
  /** The buffer accepts records from this offset on. Null while the buffer is stopped. */
  #nextOffset: bigint | null = 0n;
  #failure: { error: unknown } | null = null;
  #waiting: PromiseWithResolvers<void> | null = null;

  constructor(limits: BufferLimits, flow: BufferFlow) {
    this.#limits = limits;
    this.#flow = flow;
  }

  get length(): number {
    return this.#records.length - this.#head;
  }

  /** The memory of the records in bytes; 0 without a limit of bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Offset of the first record, -1 when the buffer is empty. */
  get firstOffset(): number {
    const first = this.#records[this.#head];
    return first === undefined ? -1 : Number(first.offset);
  }

  /** Empties the buffer, accepts records from `offset` on, and resumes the flow. */
  startAt(offset: bigint): void {
    this.clear();
    this.#nextOffset = offset;
    this.#failure = null;
    this.#isPaused = false;
    this.#flow.resume();
  }

  /** Empties the buffer, accepts nothing until `startAt`, and pauses the flow. `untilReady` then rejects with the error of `failure`. */
  stop(failure: { error: unknown } | null = null): void {
    this.clear();
    this.#nextOffset = null;
    this.#failure = failure;
    this.#isPaused = true;
    this.#flow.pause();
    if (failure !== null) this.#wake();
  }

  /**
   * Adds records of one partition. Drops repeats: after a rebalance, the consumer reads again from the
   * committed offset.
   */
  addNew(records: readonly InRecord[]): void {
    for (const record of records) {
      if (this.#nextOffset === null) return;
      if (record.offset < this.#nextOffset) continue;
      this.#nextOffset = record.offset + 1n;
      this.push(record);
    }
  }

  /** Adds one record, whatever its offset. */
  push(record: InRecord): void {
    this.#records.push(record);
    if (this.#limits.bytesHigh !== undefined) this.#bytes += weightOf(record);
    if (!this.#isPaused && this.#isFull()) {
      this.#isPaused = true;
      this.#flow.pause();
    }
    if (this.#waiting !== null) this.#wake();
  }

  /**
   * Resolves when there is a record, or when `signal` aborts. Rejects after `stop` with a failure. Only one
   * caller may wait.
   */
  untilReady(signal: AbortSignal): Promise<void> {
    return this.#untilLength(1, signal);
  }

  /**
   * Waits for more records. Resolves when there are `records` of them, after `timeoutMs`, or when `signal` aborts.
   * Rejects after `stop` with a failure. Only one caller may wait.
   */
  async untilMore(records: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(), timeoutMs);
    const end = (): void => ended.abort();
    signal.addEventListener('abort', end);
    try {
      if (!signal.aborted) await this.#untilLength(records, ended.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  }

  async #untilLength(records: number, signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#wake();
    signal.addEventListener('abort', wake);
    while (this.length < records && this.#failure === null && !signal.aborted) {
      this.#waiting = Promise.withResolvers();
      await this.#waiting.promise;
    }
    signal.removeEventListener('abort', wake);
    if (this.#failure !== null && !signal.aborted) throw this.#failure.error;
  }

  /** The first records up to both limits, but at least one if there is one. They stay in the buffer. */
  peek(recordsMax: number, bytesMax = Number.POSITIVE_INFINITY): InRecord[] {
    const end = Math.min(this.#records.length, this.#head + recordsMax);
    if (bytesMax === Number.POSITIVE_INFINITY) return this.#records.slice(this.#head, end);
    let bytes = 0;
    let at = this.#head;
    while (at < end) {
      bytes += weightOf(this.#records[at]!);
      if (bytes > bytesMax && at > this.#head) break;
      at += 1;
    }
    return this.#records.slice(this.#head, at);
  }

  /** Removes the first records and returns them. */
  take(recordsMax: number): InRecord[] {
    const taken = this.peek(recordsMax);
    this.dropFirst(taken.length);
    return taken;
  }

  dropFirst(records: number): void {
    const end = Math.min(this.#records.length, this.#head + records);
    while (this.#head < end) this.#dropHead();
    this.#afterDrop();
  }

  /** Removes the records at the head that are below the offset. */
  dropBelow(offset: number): void {
    while (this.#head < this.#records.length && Number(this.#records[this.#head]!.offset) < offset)
      this.#dropHead();
    this.#afterDrop();
  }

  /** Empties the buffer and leaves the flow as it is. */
  clear(): void {
    this.#records = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #dropHead(): void {
    if (this.#limits.bytesHigh !== undefined) this.#bytes -= weightOf(this.#records[this.#head]!);
    this.#head += 1;
  }

  #afterDrop(): void {
    if (this.#head === this.#records.length) this.clear();
    else if (this.#head >= slackMax) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
    if (
      this.#isPaused &&
      this.#nextOffset !== null &&
      this.length <= this.#limits.recordsLow &&
      !this.#isFull()
    ) {
      this.#isPaused = false;
      this.#flow.resume();
    }
  }

  #isFull(): boolean {
    const { recordsHigh, bytesHigh = Number.POSITIVE_INFINITY } = this.#limits;
    return this.length >= recordsHigh || this.#bytes >= bytesHigh;
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = null;
  }
}

/**
 * The memory of a record in bytes, which is about its size in the outbox and in a request. Keys and headers can
 * be as large as values.
 */
export function weightOf(record: InRecord): number {
  const { key, value } = record;
  return recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0) + headersBytes(record);
}

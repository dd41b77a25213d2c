/**
 * A lane is one assigned partition of the command log: its buffer, its position and its epoch.
 *
 *   claiming ◄──► running ──► closed       closed: the partition has another owner, or this process stops
 *       │            │                     stopped: only an operator can decide how to continue
 *       └────────────┴──► stopped ──► closed
 *
 * A lane that waits for anything else (an unavailable server, a failing record) keeps its state, records the reason in
 * `waits`, and retries by itself.
 *
 * Records are buffered while claiming, so that nothing is fetched twice. Records below the claimed position are then
 * dropped. A writer reads the head of the buffer and removes it only after its COMMIT.
 */
import type { InRecord } from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import { type Backoff, backoff } from '../../shared/retry/index.ts';
import {
  type LogIds,
  noOutcomeMark,
  noRecordMark,
  type OutcomeMark,
  type RecordMark,
} from '../takeover/log-fingerprint.ts';
import { LaneWaits } from '../waits/lane-waits.ts';
import { defaultLaneLimits, type LaneLimits, type LaneStart } from './lane-types.ts';
import { RecordBuffer } from './record-buffer.ts';

export type LaneState = 'claiming' | 'running' | 'stopped' | 'closed';

/** Between two attempts of a record that blocks its lane. The maximum bounds the delay after the cause is gone. */
const holdDelay: Backoff = backoff({ initialMs: 500, maxMs: 5_000 });

/** Probation after an unclean death: batches are marked before they are decoded, and grow from one record again. */
export interface Probation {
  batchRecords: number;
  /** Below this offset a crash happened with a larger batch: process one record at a time. */
  readonly singleBelow: number;
}

/** Events of a lane for its owner. */
export interface LaneEvents {
  /** The buffer is full: pause fetching. */
  onFull(lane: Lane): void;
  onRoom(lane: Lane): void;
  /** There may be work: records arrived, a batch was acknowledged, or a wait ended. */
  onWork(lane: Lane): void;
  /** The log returned `offset` instead of `expected`. */
  onGap(lane: Lane, expected: number, offset: number): void;
}

export interface LaneOptions {
  readonly partition: number;
  readonly log: Logger;
  readonly limits?: LaneLimits;
  readonly events: LaneEvents;
}

export class Lane {
  readonly partition: number;
  state: LaneState = 'claiming';
  /** In state `stopped`: why an operator must act. */
  stoppedBecause: string | null = null;
  /** The reason as a code, if it is about the position. Such a lane continues once position and log match. */
  stopCode: string | null = null;
  epoch = -1;
  /** The offset that the next batch begins at. */
  nextOffset = -1;
  /** Outcomes of all records below this offset are acknowledged. */
  ackedOffset = -1;
  /** The logs that the lane is worked on; null before it was opened. */
  logs: LogIds | null = null;
  /** The last record that was decided. */
  record: RecordMark = noRecordMark;
  /** Offset of the record decided before `nextOffset`. */
  prevOffset = -1;
  /** The last outcome that was acknowledged. */
  outcome: OutcomeMark = noOutcomeMark;
  /** The last record of the batch in flight. */
  recordInHand: RecordMark = noRecordMark;
  /** Batches that are committed and not yet acknowledged. */
  unpublishedBatches = 0;
  /** First offsets of outbox rows that are acknowledged and not yet deleted. */
  ackedRows: readonly number[] = [];
  /** Resolves when the publisher has finished everything that it has received so far. */
  published: Promise<void> = Promise.resolve();
  /** Set while a range is suspect after a crash. */
  probation: Probation | null = null;
  /** The range and size that this process marked last: a crash is counted once per process. */
  marked = '';
  /** Remaining batches that read ids before they insert them, after a duplicate was found. */
  carefulBatches = 0;
  /** The record at its head failed and is retried in its own batch. */
  isHeldBack = false;
  /** What the lane waits for, if anything. */
  readonly waits = new LaneWaits();

  readonly #log: Logger;
  readonly #limits: LaneLimits;
  readonly #events: LaneEvents;
  readonly #buffer = new RecordBuffer();
  /** Lowest offset that is not in the buffer yet; -1 before the first record. */
  #expectedOffset = -1;
  #gapAccepted = -1;
  #full = false;
  #notBeforeMs = 0;

  constructor({ partition, log, limits = defaultLaneLimits, events }: LaneOptions) {
    this.partition = partition;
    this.#log = log;
    this.#limits = limits;
    this.#events = events;
  }

  /** The next offset to fetch. */
  get fetchOffset(): number {
    return this.#expectedOffset;
  }

  get heldRecords(): number {
    return this.#buffer.length;
  }

  /** Whether fetching is paused until the buffer has room. */
  get full(): boolean {
    return this.#full;
  }

  /** Adds fetched records and drops duplicates. Never throws. */
  enqueue(records: readonly InRecord[]): void {
    if (this.state === 'closed' || this.state === 'stopped') return;
    for (const record of records) {
      const offset = Number(record.offset);
      if (offset < this.#expectedOffset) continue;
      if (this.#expectedOffset >= 0 && offset > this.#expectedOffset && this.#gapAccepted !== offset) {
        // Asked again from the missing offset, the log either has it or answers with the same gap.
        this.#gapAccepted = offset;
        this.#events.onGap(this, this.#expectedOffset, offset);
        break;
      }
      this.#expectedOffset = offset + 1;
      this.#buffer.push(record);
    }
    if (!this.#full && this.#isFull()) {
      this.#full = true;
      this.#events.onFull(this);
    }
    if (this.#buffer.length > 0) this.#events.onWork(this);
  }

  /** Starts work at a claimed position; outcomes from `publishedOffset` on may not be in the result topic yet. */
  open(claim: LaneStart, probation: Probation | null): void {
    if (this.state !== 'claiming') return;
    this.logs = claim.logs ?? null;
    this.record = claim.record ?? noRecordMark;
    this.outcome = claim.outcome ?? noOutcomeMark;
    this.prevOffset = claim.prevOffset ?? claim.nextOffset - 1;
    this.epoch = claim.epoch;
    this.nextOffset = claim.nextOffset;
    this.ackedOffset = claim.publishedOffset;
    this.unpublishedBatches = 0;
    this.ackedRows = [];
    this.probation = probation;
    this.waits.clear();
    this.isHeldBack = false;
    this.#dropBelow(claim.nextOffset);
    if (this.#buffer.firstOffset !== claim.nextOffset) {
      // The buffer does not begin at the position in the database (which may have lost a commit): fetch again, to skip
      // nothing.
      this.#dropBelow(Number.POSITIVE_INFINITY);
      this.#expectedOffset = claim.nextOffset;
    }
    this.#become('running');
    if (this.#buffer.length > 0) this.#events.onWork(this);
  }

  /** Back to claiming: the fence was lost, but the partition is still assigned. The buffer stays. */
  reclaim(): void {
    if (this.state === 'running') this.#become('claiming', 'the fence was lost');
    else if (this.state === 'stopped') this.epoch = -1;
  }

  /** Back to claiming from a stop: the cause is gone. */
  retry(): void {
    if (this.state !== 'stopped') return;
    this.stoppedBecause = null;
    this.stopCode = null;
    this.waits.end('stopped');
    this.#become('claiming', 'what stopped it is gone');
  }

  /**
   * Whether this process holds the lane under its epoch. A stopped lane decides nothing, but publishes what it has
   * decided.
   */
  get isHeld(): boolean {
    return this.state === 'running' || (this.state === 'stopped' && this.epoch >= 0);
  }

  /** Whether a writer may take a batch now. */
  isReady(nowMs: number): boolean {
    return (
      this.state === 'running' &&
      this.#buffer.length > 0 &&
      this.unpublishedBatches < this.#limits.unpublishedMax &&
      nowMs >= this.#notBeforeMs
    );
  }

  /** The head of the buffer, left in place; at least one record where there is one. */
  peek(recordsMax: number, bytesMax: number): InRecord[] {
    return this.#buffer.peek(recordsMax, bytesMax);
  }

  /** Removes the committed head. The same transaction deleted the outbox rows in `deletedRows`. */
  advance(to: number, deletedRows: readonly number[]): void {
    this.nextOffset = to;
    this.prevOffset = to - 1;
    this.record = this.recordInHand.offset === to - 1 ? this.recordInHand : noRecordMark;
    this.waits.end('decide');
    this.isHeldBack = false;
    this.forgetRows(deletedRows);
    this.#dropBelow(to);
  }

  forgetRows(rows: readonly number[]): void {
    if (rows.length > 0) this.ackedRows = this.ackedRows.filter((from) => !rows.includes(from));
  }

  /** A committed batch goes to the publisher. */
  handOver(): void {
    this.unpublishedBatches += 1;
  }

  /**
   * Everything below `to` is acknowledged, with the last outcome at `outcomeOffset` of the result topic. The outbox
   * row that begins at `from` may be deleted.
   */
  acknowledge(from: number, to: number, outcomeOffset = -1): void {
    this.unpublishedBatches -= 1;
    this.waits.end('publish');
    if (outcomeOffset >= 0) this.outcome = { source: to - 1, offset: outcomeOffset };
    this.ackedOffset = Math.max(this.ackedOffset, to);
    this.ackedRows = [...this.ackedRows, from];
    this.#events.onWork(this);
  }

  /**
   * The record at the head cannot be processed now: records the reason, and delays the next attempt. With `alone` the
   * record is retried in its own batch, because it would break a batch with others.
   */
  holdBack(why: string, { needsOperator = false, alone = false } = {}): void {
    this.isHeldBack = alone;
    const { tries } = this.waits.begin('decide', why, needsOperator);
    const fields = { partition: this.partition, offset: this.nextOffset, needsOperator };
    if (tries === 1) this.#log.warn(fields, `lane ${this.partition} waits: ${why}`);
    this.holdFor(holdDelay(tries));
  }

  /** Lets no writer take a batch for a while. */
  holdFor(delayMs: number): void {
    this.#notBeforeMs = performance.now() + delayMs;
    setTimeout(() => this.#events.onWork(this), delayMs).unref();
  }

  /** Stops and keeps all state until an operator acts. */
  stop(why: string, code: string | null = null): void {
    this.stoppedBecause = why;
    this.waits.begin('stopped', why, true);
    this.stopCode = code;
    this.#become('stopped', why);
  }

  /** Ends the lane in this process. Its next owner publishes what is committed and unpublished. */
  close(): void {
    this.#become('closed');
    this.waits.clear();
    this.#buffer.clear();
  }

  #isFull(): boolean {
    return this.#buffer.length >= this.#limits.highRecords || this.#buffer.bytes >= this.#limits.highBytes;
  }

  #dropBelow(offset: number): void {
    this.#buffer.dropBelow(offset);
    if (this.#full && this.#buffer.length <= this.#limits.lowRecords && !this.#isFull()) {
      this.#full = false;
      this.#events.onRoom(this);
    }
  }

  #become(to: LaneState, why?: string): void {
    if (this.state === to || this.state === 'closed') return;
    const { partition, epoch, nextOffset, state: from } = this;
    const fields = { partition, epoch, nextOffset, from, to, why };
    if (to === 'stopped') this.#log.error(fields, `lane ${partition} is stopped: ${why}`);
    else this.#log.info(fields, `lane ${partition} is ${to}`);
    this.state = to;
  }
}

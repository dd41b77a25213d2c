/**
 * A lane is one assigned partition of the command log: its buffer, its position and its epoch.
 *
 *   claiming ◄──► running ──► closed       closed: the partition went elsewhere, or this process stops
 *       │            │                     stopped: something that nobody but an operator can decide
 *       └────────────┴──► stopped ──► closed
 *
 * A lane that is held up by anything else (a server that is away, a record that fails) stays in its state, notes what it
 * waits for in `waits`, and tries again by itself.
 *
 * Records are enqueued while claiming, so that nothing is fetched twice; what lies below the claimed position is
 * dropped then. A writer looks at the head of the buffer and takes it off only after its COMMIT.
 */
import type { InRecord } from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import { type Backoff, backoff } from '../shared/retry/index.ts';
import { defaultLaneLimits, type LaneLimits, type LaneStart } from './lane-types.ts';
import { type LogIds, noOutcomeMark, noRecordMark, type OutcomeMark, type RecordMark } from './marks.ts';
import { RecordBuffer } from './record-buffer.ts';
import { LaneWaits } from './waits/lane-waits.ts';

export type LaneState = 'claiming' | 'running' | 'stopped' | 'closed';

/** Between two tries of a record that holds its lane up: a cause that is gone is noticed within the longest. */
const holdDelay: Backoff = backoff({ initialMs: 500, maxMs: 5_000 });

/** Probation after an unclean death: batches are marked before they are decoded, and grow from one record again. */
export interface Probation {
  batchRecords: number;
  /** Below this offset a death happened at a larger batch: stay at one record. */
  readonly singleBelow: number;
}

/** What a lane tells its owner. */
export interface LaneEvents {
  /** The buffer is full: fetch nothing more. */
  onFull(lane: Lane): void;
  onRoom(lane: Lane): void;
  /** There may be work: records came, a batch was acknowledged, or a wait is over. */
  onWork(lane: Lane): void;
  /** The log answered with `offset` where `expected` should have come. */
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
  /** Why an operator has to look, in state `stopped`. */
  stoppedBecause: string | null = null;
  /** The same as a word, where it is about the lane's position: such a lane goes on by itself once it fits. */
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
  /** The last record of the batch that is in hand. */
  recordInHand: RecordMark = noRecordMark;
  /** Batches that are committed and not yet acknowledged. */
  unpublishedBatches = 0;
  /** First offsets of outbox rows that are acknowledged and not yet deleted. */
  ackedRows: readonly number[] = [];
  /** Resolves when everything handed to the publisher so far is dealt with. */
  published: Promise<void> = Promise.resolve();
  /** Set while a range is in doubt after an unclean death. */
  probation: Probation | null = null;
  /** The range and size that this process has marked last: a death is counted once per process. */
  marked = '';
  /** Batches left in which ids are read before they are inserted, since a duplicate was met. */
  carefulBatches = 0;

  /** The record at its head failed: it is tried in a batch of its own. */
  isHeldBack = false;
  /** What holds the lane up, while something does. */
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

  /** The offset that has to be fetched next. */
  get fetchOffset(): number {
    return this.#expectedOffset;
  }

  get heldRecords(): number {
    return this.#buffer.length;
  }

  /** Whether nothing more is to be fetched until there is room again. */
  get full(): boolean {
    return this.#full;
  }

  /** Adds fetched records; those that were enqueued before are dropped. Never throws. */
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
      // What is held does not begin where the database stands (it may have lost a commit): fetched again, nothing is skipped.
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

  /** Back to claiming from a stop: what stopped it is gone. */
  retry(): void {
    if (this.state !== 'stopped') return;
    this.stoppedBecause = null;
    this.stopCode = null;
    this.waits.end('stopped');
    this.#become('claiming', 'what stopped it is gone');
  }

  /** Whether it is held under its epoch: a stopped lane decides nothing more, but what it has decided is seen through. */
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

  /** Takes the committed head off; the outbox rows in `deletedRows` went with the same transaction. */
  advance(to: number, deletedRows: readonly number[]): void {
    this.nextOffset = to;
    this.prevOffset = to - 1;
    if (this.recordInHand.offset === to - 1) this.record = this.recordInHand;
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
   * Everything below `to` is acknowledged, its last outcome at `outcomeOffset` of the result topic; the outbox row that
   * began at `from` may go.
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
   * The record at its head cannot be decided now: notes why, and lets no writer take it before the next try is due. With
   * `alone` it is tried in a batch of its own, as it would break the batch of others.
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

  /** Stops for good and keeps everything where it is, until an operator has looked. */
  stop(why: string, code: string | null = null): void {
    this.stoppedBecause = why;
    this.waits.begin('stopped', why, true);
    this.stopCode = code;
    this.#become('stopped', why);
  }

  /** Ends the lane in this process. What is committed and unpublished is published by its next owner. */
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

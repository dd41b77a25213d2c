/**
 * A lane is one assigned partition of the command log: its records, its position and its state (`lane-states.ts`).
 * Only the methods here change a lane. Each method reports an event. An event after the lane was stopped or closed
 * changes nothing. A lane that waits for a server or has a failing record keeps its state and retries.
 *
 * The lane buffers records during its claim, so that none is fetched twice. After the claim, it drops records below
 * its position. A writer reads the first records of the buffer. They stay there until the COMMIT.
 */
import type { InRecord } from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import { type Backoff, backoff } from '../../shared/retry/index.ts';
import { type LaneLogIds, noOutcomeMark, noRecordMark } from '../takeover/log-fingerprint.ts';
import { LaneWaits } from '../waits/lane-waits.ts';
import { LaneBuffer } from './lane-buffer.ts';
import { assertStateChange, type LaneState } from './lane-states.ts';
import type { CommittedHead, HeldPosition, LaneEvents, LaneLimits, LaneOptions } from './lane-types.ts';
import {
  defaultLaneLimits,
  type LaneSnapshot,
  type LaneStart,
  type StopReason,
  unclaimed,
} from './lane-types.ts';
import { growProbation, isSuspect, type Probation } from './probation.ts';

/** Delay between two attempts of a record that blocks its lane. The maximum bounds the delay after the cause is gone. */
const blockedDelay: Backoff = backoff({ initialMs: 500, maxMs: 5_000 });
/** Number of batches that read ids before they insert them, after a duplicate was found. */
const batchesAfterDuplicate = 20;

export class Lane {
  readonly partition: number;
  readonly #log: Logger;
  readonly #limits: LaneLimits;
  readonly #events: LaneEvents;
  readonly #buffer: LaneBuffer;
  readonly #waits = new LaneWaits();
  #state: LaneState = 'claiming';
  #stopReason: StopReason | null = null;
  #position: HeldPosition = unclaimed;
  #probation: Probation | null = null;
  #storedAttempt = '';
  #batchesToReadIds = 0;
  #retriesAlone = false;
  #notBeforeMs = 0;
  #unpublishedBatches = 0;
  #published: Promise<void> = Promise.resolve();
  #ackedRows: readonly number[] = [];

  constructor({ partition, log, limits = defaultLaneLimits, events }: LaneOptions) {
    this.partition = partition;
    this.#log = log;
    this.#limits = limits;
    this.#events = events;
    this.#buffer = new LaneBuffer(limits, events);
  }

  get state(): LaneState {
    return this.#state;
  }

  /** Why the lane is stopped; null if it is not stopped. */
  get stopReason(): StopReason | null {
    return this.#stopReason;
  }

  get position(): HeldPosition {
    return this.#position;
  }

  /** First offsets of the outbox rows that are acknowledged but not deleted yet. */
  get ackedRows(): readonly number[] {
    return this.#ackedRows;
  }

  /** Resolves when every task given to `publish` so far has ended. */
  get published(): Promise<void> {
    return this.#published;
  }

  get heldRecords(): number {
    return this.#buffer.length;
  }

  /** The next offset to fetch. */
  get fetchOffset(): number {
    return this.#buffer.fetchOffset;
  }

  /** Whether fetching is paused until the buffer has room. */
  get isFull(): boolean {
    return this.#buffer.isPaused;
  }

  /** Whether this process holds the epoch. A stopped lane decides nothing, but publishes its committed outcomes. */
  get isHeld(): boolean {
    return this.#state === 'running' || (this.#state === 'stopped' && this.#position.epoch >= 0);
  }

  get isOnProbation(): boolean {
    return this.#probation !== null;
  }

  /** Whether the record at the head is in a range that crashed a worker. */
  get isSuspect(): boolean {
    return isSuspect(this.#probation, this.#position.nextOffset);
  }

  /** Whether the last attempt to decide the first record failed. */
  get isBlocked(): boolean {
    return this.#waits.at('decide') !== null;
  }

  /** Whether the first record is retried in its own batch, because it would break a larger batch. */
  get retriesAlone(): boolean {
    return this.#retriesAlone;
  }

  /** Whether the next batch reads existing ids before it inserts orders. */
  get readsIdsFirst(): boolean {
    return this.#batchesToReadIds > 0;
  }

  /** Whether a writer may take a batch now. */
  isReady(nowMs: number): boolean {
    return (
      this.#state === 'running' &&
      this.#buffer.length > 0 &&
      this.#unpublishedBatches < this.#limits.unpublishedMax &&
      nowMs >= this.#notBeforeMs
    );
  }

  /** The first records of the buffer, at least one if it has any. A lane on probation returns fewer records. */
  head(recordsMax: number, bytesMax: number): InRecord[] {
    return this.#buffer.peek(Math.min(recordsMax, this.#probation?.batchRecords ?? recordsMax), bytesMax);
  }

  snapshot(): LaneSnapshot {
    return {
      partition: this.partition,
      state: this.#state,
      epoch: this.#position.epoch,
      nextOffset: this.#position.nextOffset,
      heldRecords: this.#buffer.length,
      unpublishedBatches: this.#unpublishedBatches,
      wait: this.#waits.current,
    };
  }

  /** The claim of the lane failed and will be retried. */
  claimFailed(why: string, needsOperator = false): void {
    this.#waits.begin('claim', why, needsOperator);
  }

  /** Starts the lane at the claimed position. Returns false if the lane was stopped or closed meanwhile. */
  claimed(start: LaneStart, probation: Probation | null): boolean {
    if (this.#state !== 'claiming') return false;
    const { epoch, nextOffset, publishedOffset: ackedOffset } = start;
    const {
      logs = null,
      record = noRecordMark,
      outcome = noOutcomeMark,
      prevOffset = nextOffset - 1,
    } = start;
    this.#position = { epoch, nextOffset, prevOffset, ackedOffset, logs, record, outcome };
    this.#unpublishedBatches = 0;
    this.#ackedRows = [];
    this.#probation = probation;
    this.#waits.clear();
    this.#retriesAlone = false;
    this.#buffer.startAt(nextOffset);
    this.#become('running');
    if (this.#buffer.length > 0) this.#events.onWork();
    return true;
  }

  /** The logs have new ids, and the lane has decided and published nothing on the old logs. */
  logsAdopted(logs: LaneLogIds): void {
    this.#position = { ...this.#position, logs };
  }

  /** Records arrived. Never throws. */
  fetched(records: readonly InRecord[]): void {
    if (this.#state === 'closed' || this.#state === 'stopped') return;
    this.#buffer.add(records);
    if (this.#buffer.length > 0) this.#events.onWork();
  }

  isAttemptStored(from: number, records: number): boolean {
    return this.#storedAttempt === `${from}:${records}`;
  }

  /** The attempt at these records is stored. So each process counts a crash once. */
  attemptStored(from: number, records: number): void {
    this.#storedAttempt = `${from}:${records}`;
  }

  /** An order of the batch exists already. So the next batches read existing ids before they insert orders. */
  duplicateFound(): void {
    this.#batchesToReadIds = batchesAfterDuplicate;
  }

  /** An attempt of a batch with this lane failed. The writer retries the batch. */
  decideFailed(why: string): void {
    this.#waits.begin('decide', why);
  }

  /** The first record cannot be processed now. Its next attempt is delayed. With `alone` it gets its own batch. */
  blocked(why: string, { needsOperator = false, alone = false } = {}): void {
    this.#retriesAlone = alone;
    const { tries } = this.#waits.begin('decide', why, needsOperator);
    const fields = { partition: this.partition, offset: this.#position.nextOffset, needsOperator };
    if (tries === 1) this.#log.warn(fields, `lane ${this.partition} waits: ${why}`);
    const delayMs = blockedDelay(tries);
    this.#notBeforeMs = performance.now() + delayMs;
    setTimeout(() => this.#events.onWork(), delayMs).unref();
  }

  /** The records below `to` are committed. */
  committed({ to, record, ackedRows }: CommittedHead): void {
    if (this.#batchesToReadIds > 0) this.#batchesToReadIds -= 1;
    this.#probation = growProbation(this.#probation, to);
    this.#position = { ...this.#position, nextOffset: to, prevOffset: to - 1, record };
    this.#waits.end('decide');
    this.#retriesAlone = false;
    this.rowsDeleted(ackedRows);
    this.#buffer.dropBelow(to);
  }

  /** The outbox rows that begin at these offsets are deleted. */
  rowsDeleted(rows: readonly number[]): void {
    if (rows.length > 0) this.#ackedRows = this.#ackedRows.filter((from) => !rows.includes(from));
  }

  /** Publishes a committed batch: `send` runs after the sends of earlier batches. It must not reject. */
  publish(send: () => Promise<void>): void {
    this.#unpublishedBatches += 1;
    this.#published = this.#published.then(send);
  }

  publishFailed(why: string, needsOperator = false): void {
    this.#waits.begin('publish', why, needsOperator);
  }

  /**
   * All outcomes below `to` are acknowledged. The last outcome has `outcomeOffset` in the outcome topic. The outbox
   * row that begins at `from` may be deleted.
   */
  acknowledged(from: number, to: number, outcomeOffset = -1): void {
    this.#unpublishedBatches -= 1;
    this.#waits.end('publish');
    const ackedOffset = Math.max(this.#position.ackedOffset, to);
    const outcome = outcomeOffset < 0 ? this.#position.outcome : { source: to - 1, offset: outcomeOffset };
    this.#position = { ...this.#position, ackedOffset, outcome };
    this.#ackedRows = [...this.#ackedRows, from];
    this.#events.onWork();
  }

  /** Another owner may have the lane. A lane that is still assigned is claimed again, with its buffer. */
  fenceLost(): void {
    if (this.#state === 'running') this.#become('claiming', 'the fence was lost');
    else if (this.#state === 'stopped') this.#position = { ...this.#position, epoch: -1 };
  }

  /** Stops the lane until an operator acts. The lane keeps its records and its position. */
  stop(why: string, code: string | null = null): void {
    if (this.#state === 'closed') return;
    this.#stopReason = { why, code };
    this.#waits.begin('stopped', why, true);
    if (this.#state !== 'stopped') this.#become('stopped', why);
  }

  /** The cause of the stop is gone, so the lane is claimed again. */
  causeGone(): void {
    if (this.#state !== 'stopped') return;
    this.#stopReason = null;
    this.#waits.end('stopped');
    this.#become('claiming', 'the cause of the stop is gone');
  }

  /** Ends the lane in this process. The next owner publishes its unpublished outcomes. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#become('closed');
    this.#stopReason = null;
    this.#waits.clear();
    this.#buffer.clear();
  }

  #become(to: LaneState, why?: string): void {
    const { partition, state: from, epoch, nextOffset } = this.snapshot();
    assertStateChange(partition, from, to);
    const fields = { partition, epoch, nextOffset, from, to, why };
    if (to === 'stopped') this.#log.error(fields, `lane ${partition} is stopped: ${why}`);
    else this.#log.info(fields, `lane ${partition} is ${to}`);
    this.#state = to;
  }
}

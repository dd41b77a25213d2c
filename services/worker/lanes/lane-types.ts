/** The start, the position and the visible state of a lane. */
import { unpublishedBatchesMax } from '../../../topics/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import {
  type LaneLogIds,
  noOutcomeMark,
  noRecordMark,
  type OutcomeMark,
  type RecordMark,
} from '../takeover/log-fingerprint.ts';
import type { LaneWait } from '../waits/lane-waits.ts';
import type { LaneState } from './lane-states.ts';

/** How much a lane may hold. Above `high` its partition is paused, below `low` resumed. */
export interface LaneLimits {
  readonly highRecords: number;
  readonly lowRecords: number;
  readonly highBytes: number;
  /** Batches that may be committed and not yet acknowledged. */
  readonly unpublishedMax: number;
}

export const defaultLaneLimits: LaneLimits = {
  highRecords: 500,
  lowRecords: 300,
  highBytes: 4 * 1024 * 1024,
  unpublishedMax: unpublishedBatchesMax,
};

/** Requests of a lane's buffer to its owner. */
export interface BufferEvents {
  /** The buffer is full: pause fetching. */
  onFull(): void;
  onRoom(): void;
  /** The log returned `offset` instead of `expected`. */
  onGap(expected: number, offset: number): void;
}

export interface LaneEvents extends BufferEvents {
  /** There may be work: records arrived, a batch was acknowledged, or a wait ended. */
  onWork(): void;
}

export interface LaneOptions {
  readonly partition: number;
  readonly log: Logger;
  readonly limits?: LaneLimits;
  readonly events: LaneEvents;
}

/** Where a lane starts, as its claim found it. */
export interface LaneStart {
  readonly epoch: number;
  readonly nextOffset: number;
  /** Outcomes from this offset on may not be in the result topic yet. */
  readonly publishedOffset: number;
  readonly logs?: LaneLogIds;
  readonly record?: RecordMark;
  readonly outcome?: OutcomeMark;
  /** Offset of the record decided before `nextOffset`; by default one less. */
  readonly prevOffset?: number;
}

/** How far this process has processed a lane, with which epoch, on which logs. */
export interface HeldPosition {
  /** The epoch that this process claimed last; -1 if it holds none. */
  readonly epoch: number;
  /** The offset at which the next batch starts. */
  readonly nextOffset: number;
  /** Offset of the record decided before `nextOffset`. */
  readonly prevOffset: number;
  /** Outcomes of all records below this offset are acknowledged. */
  readonly ackedOffset: number;
  /** The logs that the lane is processed on; null before its claim. */
  readonly logs: LaneLogIds | null;
  /** The last record that was decided. */
  readonly record: RecordMark;
  /** The last outcome that was acknowledged. */
  readonly outcome: OutcomeMark;
}

export const unclaimed: HeldPosition = {
  epoch: -1,
  nextOffset: -1,
  prevOffset: -1,
  ackedOffset: -1,
  logs: null,
  record: noRecordMark,
  outcome: noOutcomeMark,
};

/** The committed head of a lane. */
export interface CommittedHead {
  /** Offset after the last record. */
  readonly to: number;
  readonly record: RecordMark;
  /** First offsets of the outbox rows that the same transaction deleted. */
  readonly ackedRows: readonly number[];
}

export interface StopReason {
  readonly why: string;
  /** The reason as a code, if it is about the position. Such a lane continues once position and log match. */
  readonly code: string | null;
}

/** A lane at one moment, for readiness, metrics, the table of waits and the log. */
export interface LaneSnapshot {
  readonly partition: number;
  readonly state: LaneState;
  readonly epoch: number;
  readonly nextOffset: number;
  readonly heldRecords: number;
  readonly unpublishedBatches: number;
  /** What the lane waits for; null if it continues. */
  readonly wait: LaneWait | null;
}

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

/** How much a lane may hold. Above `high` its partition is paused. Below `low` it is resumed. */
export interface LaneLimits {
  readonly highRecords: number;
  readonly lowRecords: number;
  readonly highBytes: number;
  /** Maximum number of committed batches whose outcomes are not acknowledged yet. */
  readonly unpublishedMax: number;
}

export const defaultLaneLimits: LaneLimits = {
  highRecords: 500,
  lowRecords: 300,
  highBytes: 4 * 1024 * 1024,
  unpublishedMax: unpublishedBatchesMax,
};

/** Requests from the buffer of a lane to its owner. */
export interface BufferEvents {
  /** The buffer is full: pause fetching. */
  onFull(): void;
  onRoom(): void;
  /** The log returned `offset` instead of `expected`. */
  onGap(expected: number, offset: number): void;
}

export interface LaneEvents extends BufferEvents {
  /** Called when there may be work: records arrived, a batch was acknowledged, or a wait ended. */
  onWork(): void;
}

export interface LaneOptions {
  readonly partition: number;
  readonly log: Logger;
  readonly limits?: LaneLimits;
  readonly events: LaneEvents;
}

/** The position at which a lane starts, as its claim found it. */
export interface LaneStart {
  readonly epoch: number;
  readonly nextOffset: number;
  /** The outcome topic may lack the outcomes from this offset on. */
  readonly publishedOffset: number;
  readonly logs?: LaneLogIds;
  readonly record?: RecordMark;
  readonly outcome?: OutcomeMark;
  /** Offset of the record decided before `nextOffset`; by default one less. */
  readonly prevOffset?: number;
}

/** How far this process has processed a lane, under which epoch, and on which logs. */
export interface HeldPosition {
  /** The epoch of the last claim by this process; -1 without a claim. */
  readonly epoch: number;
  /** The offset at which the next batch starts. */
  readonly nextOffset: number;
  /** Offset of the record decided before `nextOffset`. */
  readonly prevOffset: number;
  /** Outcomes of all records below this offset are acknowledged. */
  readonly ackedOffset: number;
  /** The logs on which the lane is processed; null before its claim. */
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

/** The records of a lane that one transaction committed. */
export interface CommittedHead {
  /** Offset after the last record. */
  readonly to: number;
  readonly record: RecordMark;
  /** First offsets of the outbox rows that the same transaction deleted. */
  readonly ackedRows: readonly number[];
}

export interface StopReason {
  readonly why: string;
  /**
   * The reason as a code; null if only an operator can continue the lane. Otherwise it continues once position and
   * log match.
   */
  readonly code: string | null;
}

/** The state of a lane at one moment, for readiness, metrics, the table of waits and the log. */
export interface LaneSnapshot {
  readonly partition: number;
  readonly state: LaneState;
  readonly epoch: number;
  readonly nextOffset: number;
  readonly heldRecords: number;
  readonly unpublishedBatches: number;
  /** The wait of the lane to report; null if the lane continues. */
  readonly wait: LaneWait | null;
}

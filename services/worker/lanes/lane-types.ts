/** What a lane is made from: its limits, and where it begins. */
import type { LogIds, OutcomeMark, RecordMark } from '../takeover/log-fingerprint.ts';

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
  unpublishedMax: 4,
};

/** Where a lane begins, as its claim found it. */
export interface LaneStart {
  readonly epoch: number;
  readonly nextOffset: number;
  /** Outcomes from here on may not be in the result topic yet. */
  readonly publishedOffset: number;
  readonly logs?: LogIds;
  readonly record?: RecordMark;
  readonly outcome?: OutcomeMark;
  /** Offset of the record decided before `nextOffset`; one less than it where nothing else is known. */
  readonly prevOffset?: number;
}

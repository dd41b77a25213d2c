/**
 * What is in doubt after an unclean death. A worker that dies without releasing a lane may have died of a record in
 * front of it. Its next owner begins with single records of its lanes side by side, each marked before it is looked
 * at, and doubles the batch with every one that stands. Where a marked range killed again, its records are suspects:
 * each is tried while the process works nothing else, until that range is behind it. So an innocent outage costs ten
 * small batches, and a killer is found and set aside after three deaths alone, without what was tried beside it.
 */
import type { Lane, Probation } from './lane.ts';
import { deathsMax, type Mark } from './store/attempts.ts';

/** The doubled batches up to here cover the largest batch that may have been in flight. */
const probationRecordsMax = 512;

/** The probation of a lane that was left uncleanly, given the first mark found at or behind its position. */
export function startProbation(nextOffset: number, mark: Mark | null): Probation {
  return { batchRecords: 1, singleBelow: mark === null ? nextOffset : mark.offset + mark.records };
}

/** Whether the marked record has killed often enough to be set aside unseen. */
export function isKiller(mark: Mark | null): mark is Mark {
  return mark !== null && mark.records === 1 && mark.attempts >= deathsMax;
}

/** Whether the head of the lane lies in a range that a worker died of while it was marked. */
export function isSuspect({ probation, nextOffset }: Lane): boolean {
  return probation !== null && nextOffset < probation.singleBelow;
}

/** A batch of the lane stands: it may grow, and probation ends once it has covered a whole batch. */
export function growProbation(lane: Lane, decidedTo: number): void {
  const { probation } = lane;
  if (probation === null || decidedTo < probation.singleBelow) return;
  probation.batchRecords *= 2;
  if (probation.batchRecords >= probationRecordsMax) lane.probation = null;
}

/**
 * Probation: how a lane restarts after its owner crashed. If a worker ended without releasing a lane, a record of
 * that lane may have crashed it. The successor starts with one record per lane. It stores each attempt before it
 * decodes the records. It doubles the batch size after every commit. So a crash with another cause costs only ten
 * small batches. If a stored range crashes a worker again, its records are suspects. The worker processes each
 * suspect while it processes no other record. A record that crashes the worker three times on its own is
 * dead-lettered, without its neighbours.
 */
import type { CrashAttempt } from '../store/crash-attempts.ts';

export interface Probation {
  /** Maximum number of records in the next batch. */
  readonly batchRecords: number;
  /** Below this offset, a larger batch crashed a worker. So records below it are processed one at a time. */
  readonly singleBelow: number;
}

/** Probation ends at this batch size. The batches until then cover the largest batch that may have been in flight. */
const probationRecordsMax = 512;

/**
 * Starts the probation of a lane whose owner crashed. `attempt` is the first stored attempt at or after its position.
 */
export function startProbation(nextOffset: number, attempt: CrashAttempt | null): Probation {
  return { batchRecords: 1, singleBelow: attempt === null ? nextOffset : attempt.offset + attempt.records };
}

/** Whether the record at this offset is in a range that crashed a worker. */
export function isSuspect(probation: Probation | null, offset: number): boolean {
  return probation !== null && offset < probation.singleBelow;
}

/** The probation after a commit up to `decidedTo`: the batch size may grow. Null once the size covers a whole batch. */
export function growProbation(probation: Probation | null, decidedTo: number): Probation | null {
  if (probation === null || decidedTo < probation.singleBelow) return probation;
  const batchRecords = probation.batchRecords * 2;
  return batchRecords >= probationRecordsMax ? null : { ...probation, batchRecords };
}

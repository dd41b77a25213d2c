/**
 * Probation: how a lane restarts after its owner crashed. A worker that ends without releasing a lane may have been
 * crashed by a record of that lane. The successor starts with one record per lane. It stores each attempt before it
 * decodes the records, and doubles the batch size after every commit. If a stored range crashes a worker again, its
 * records become suspects: each one is processed alone in the process. So a crash with another cause costs ten small
 * batches. A record that crashes the worker three times on its own is dead-lettered, without its neighbours.
 */
import type { CrashAttempt } from '../store/crash-attempts.ts';

export interface Probation {
  /** Maximum number of records in the next batch. */
  readonly batchRecords: number;
  /** A crash happened below this offset, with a larger batch: process one record at a time. */
  readonly singleBelow: number;
}

/** The doubled batches up to here cover the largest batch that may have been in flight. */
const probationRecordsMax = 512;

/** The probation of a lane whose owner crashed, given the first attempt found at or after its position. */
export function startProbation(nextOffset: number, attempt: CrashAttempt | null): Probation {
  return { batchRecords: 1, singleBelow: attempt === null ? nextOffset : attempt.offset + attempt.records };
}

/** Whether the record at this offset is in a range that crashed a worker. */
export function isSuspect(probation: Probation | null, offset: number): boolean {
  return probation !== null && offset < probation.singleBelow;
}

/** The probation after a commit up to `decidedTo`: the batch may grow. It ends after it has covered a whole batch. */
export function growProbation(probation: Probation | null, decidedTo: number): Probation | null {
  if (probation === null || decidedTo < probation.singleBelow) return probation;
  const batchRecords = probation.batchRecords * 2;
  return batchRecords >= probationRecordsMax ? null : { ...probation, batchRecords };
}

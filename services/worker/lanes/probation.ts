/**
 * Probation: how a lane restarts after its owner crashed. A worker that ends without releasing a lane may have been
 * crashed by a record of that lane. The successor starts with one record per lane, marks each record before it decodes
 * it, and doubles the batch size after every commit. If a marked range crashes a worker again, its records become
 * suspects: each one is processed alone in the process. So a crash with another cause costs ten small batches. A record
 * that crashes the worker is dead-lettered after three crashes on its own, without its neighbours.
 */

import { deathsMax, type Mark } from '../store/attempts.ts';
import type { Lane, Probation } from './lane.ts';

/** The doubled batches up to here cover the largest batch that may have been in flight. */
const probationRecordsMax = 512;

/** The probation of a lane that was left uncleanly, given the first mark found at or behind its position. */
export function startProbation(nextOffset: number, mark: Mark | null): Probation {
  return { batchRecords: 1, singleBelow: mark === null ? nextOffset : mark.offset + mark.records };
}

/** Whether the marked record has crashed workers often enough to be dead-lettered without decoding it. */
export function isKiller(mark: Mark | null): mark is Mark {
  return mark !== null && mark.records === 1 && mark.attempts >= deathsMax;
}

/** Whether the head of the lane is in a marked range that crashed a worker. */
export function isSuspect({ probation, nextOffset }: Lane): boolean {
  return probation !== null && nextOffset < probation.singleBelow;
}

/** Call after a commit: the batch may grow. Probation ends after it has covered a whole batch. */
export function growProbation(lane: Lane, decidedTo: number): void {
  const { probation } = lane;
  if (probation === null || decidedTo < probation.singleBelow) return;
  probation.batchRecords *= 2;
  if (probation.batchRecords >= probationRecordsMax) lane.probation = null;
}

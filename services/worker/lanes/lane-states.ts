/**
 * The states of a lane, and the allowed changes between them.
 *
 *   claiming ◄──► running        stopped: only an operator can decide how to continue
 *      ▲             │           closed: the partition has another owner, or this process stops
 *      └─► stopped ◄─┘           every other state may change to closed
 */
import { appError } from '../../shared/errors/index.ts';

export type LaneState = 'claiming' | 'running' | 'stopped' | 'closed';

/** The states that may follow each state. */
export const nextStates: Readonly<Record<LaneState, readonly LaneState[]>> = {
  claiming: ['running', 'stopped', 'closed'],
  running: ['claiming', 'stopped', 'closed'],
  stopped: ['claiming', 'closed'],
  closed: [],
};

/** Throws INTERNAL if the table does not allow the change. */
export function assertStateChange(partition: number, from: LaneState, to: LaneState): void {
  if (nextStates[from].includes(to)) return;
  throw appError('INTERNAL', { reason: `lane ${partition} cannot change from ${from} to ${to}` });
}

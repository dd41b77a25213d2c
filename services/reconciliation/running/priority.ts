import { constants, getPriority, setPriority } from 'node:os';

/**
 * Lowers the priority below that of the workers on this machine. A process that was already started at low
 * priority keeps it.
 */
export function stepBack(): void {
  const behind = constants.priority.PRIORITY_BELOW_NORMAL;
  if (getPriority() < behind) setPriority(behind);
}

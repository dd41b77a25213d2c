import { constants, getPriority, setPriority } from 'node:os';

/**
 * Lowers the priority of this process below the workers on the same machine. A process that was started at a low
 * priority keeps it.
 */
export function stepBack(): void {
  const behind = constants.priority.PRIORITY_BELOW_NORMAL;
  if (getPriority() < behind) setPriority(behind);
}

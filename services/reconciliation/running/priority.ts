import { constants, getPriority, setPriority } from 'node:os';

/** Lets whoever decides orders on this machine go first. One that was started behind them already stays where it is. */
export function stepBack(): void {
  const behind = constants.priority.PRIORITY_BELOW_NORMAL;
  if (getPriority() < behind) setPriority(behind);
}

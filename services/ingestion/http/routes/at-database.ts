/** Runs the database reads of routes in the caller's turn. */
import { orProblem } from '../failures.ts';
import type { RouteDeps } from './route.ts';

/**
 * The result of `ask`. Rejects with the problem STATE_UNAVAILABLE, or with SHARE_USED_UP if too many reads of the
 * caller wait.
 */
export async function atDatabase<T>(
  { reads }: Pick<RouteDeps, 'reads'>,
  callerId: string,
  ask: () => Promise<T>,
): Promise<T> {
  return orProblem(await reads.run(callerId, ask));
}

/** The time of the database, in the caller's turn. Rejects like `atDatabase`. */
export function databaseTime(
  deps: Pick<RouteDeps, 'reads' | 'databaseNowMs'>,
  callerId: string,
): Promise<number> {
  return atDatabase(deps, callerId, deps.databaseNowMs);
}

/** What routes ask the database themselves, in the caller's turn. */
import { HttpProblem } from '../problems.ts';
import type { RouteDeps } from './route.ts';

/** What `ask` gives. Rejects with STATE_UNAVAILABLE when the database says nothing, SHARE_USED_UP when too much of the caller's waits. */
export function atDatabase<T>(
  { reads }: Pick<RouteDeps, 'reads'>,
  callerId: string,
  ask: () => Promise<T>,
): Promise<T> {
  return reads.run(callerId, () =>
    ask().catch((cause: unknown) => {
      throw new HttpProblem('STATE_UNAVAILABLE', undefined, { headers: { 'retry-after': '1' }, cause });
    }),
  );
}

/** The time of the database, in the caller's turn. Rejects like `atDatabase`. */
export function databaseTime(
  deps: Pick<RouteDeps, 'reads' | 'databaseNowMs'>,
  callerId: string,
): Promise<number> {
  return atDatabase(deps, callerId, deps.databaseNowMs);
}

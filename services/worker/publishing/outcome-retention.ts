/** Deletes kept outcomes after their retention time. Works in small steps, for the lanes of this process. */
import { errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Lane } from '../lanes/lane.ts';
import { forgetPublished } from '../store/outbox.ts';

export interface ForgetDeps {
  readonly topic: string;
  readonly db: Pick<Queryable, 'rows' | 'write'>;
  /** How long outcomes are kept once they are acknowledged, ms. */
  readonly keptMs: number;
  lanes(): Iterable<Pick<Lane, 'partition' | 'state'>>;
  readonly log: Logger;
}

const everyMs = 5_000;
/** Maximum number of rows that one statement deletes. A row holds the outcomes of a batch, some 100 kB under load. */
const rowsMax = 50;
/** Maximum number of statements per lane and round, so that a long backlog takes several rounds. */
const stepsMax = 20;

/** Deletes old outcomes every few seconds, until the returned function is called. */
export function forgetOutcomes(deps: ForgetDeps): () => void {
  let running = false;
  const round = async () => {
    if (running) return;
    running = true;
    try {
      await forgetOnce(deps);
    } catch (error) {
      // The database is probably unavailable. The next round deletes these rows.
      deps.log.debug(
        { err: error },
        `old outcomes cannot be deleted; the worker retries: ${errorMessage(error)}`,
      );
    } finally {
      running = false;
    }
  };
  const timer = setInterval(() => void round(), everyMs);
  return () => clearInterval(timer);
}

/** Runs one round. Resolves to the number of deleted rows. */
export async function forgetOnce({ topic, db, keptMs, lanes }: ForgetDeps): Promise<number> {
  let deleted = 0;
  for (const { partition, state } of lanes()) {
    if (state !== 'running') continue;
    for (let step = 0; step < stepsMax; step++) {
      const rows = await forgetPublished(db, topic, partition, keptMs, rowsMax);
      deleted += rows;
      if (rows < rowsMax) break;
    }
  }
  return deleted;
}

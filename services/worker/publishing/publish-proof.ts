/**
 * The proof of ownership for late publishing. A worker may freeze after its COMMIT. If a database failover then loses
 * this COMMIT, another worker decides the same commands again. The frozen worker would publish a second, different
 * outcome for each of them. So a proof expires after a pause in which a lane can get another owner. After such a
 * pause the worker asks the database before it publishes.
 */
import { appError, errorMessage } from '../../shared/errors/index.ts';
import type { SendProof } from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import { backoff, sleep } from '../../shared/retry/index.ts';
import { readOwner } from '../store/positions.ts';
import type { Publication } from './publisher.ts';

export interface PublishProofDeps {
  readonly topic: string;
  readonly db: Queryable;
  /** The name under which this process claims lanes. */
  readonly owner: string;
  /** Time for which a proof holds, in ms. It must be shorter than the session timeout of the group. */
  readonly pauseMaxMs: number;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const askAgain = backoff({ initialMs: 100, maxMs: 2_000 });

/**
 * Creates the proof of a publication. Its renewal rejects with ABORTED if the commit is lost or the lane has another
 * owner.
 */
export function createPublishProof(deps: PublishProofDeps): (publication: Publication) => SendProof {
  return (publication) => ({
    untilMs: publication.provenAtMs + deps.pauseMaxMs,
    renew: () => renew(deps, publication),
  });
}

/**
 * Resolves with the time until which the proof holds. If nothing may be published, counts this and rejects with
 * ABORTED.
 */
async function renew(deps: PublishProofDeps, publication: Publication): Promise<number> {
  const { pauseMaxMs, metrics, log } = deps;
  const { lane, epoch, from, to } = publication;
  const askedAtMs = await askWhetherOurs(deps, publication);
  if (askedAtMs !== null) return askedAtMs + pauseMaxMs;
  metrics.inc('worker_publishes_withheld_total');
  log.warn(
    { partition: lane.partition, from, to, epoch },
    'the worker does not publish outcomes after a pause: it lost their commit or their lane',
  );
  throw appError('ABORTED');
}

/**
 * Time of the question that the database confirmed, by `performance.now()`. Null if the commit is lost or the lane
 * has another owner.
 */
async function askWhetherOurs(
  deps: PublishProofDeps,
  { lane, epoch, to }: Publication,
): Promise<number | null> {
  const { topic, db, owner, log } = deps;
  for (let attempt = 1; lane.state !== 'closed' && lane.position.epoch === epoch; attempt++) {
    const askedAtMs = performance.now();
    try {
      const row = await readOwner(db, topic, lane.partition);
      // An epoch alone is no proof: a restored database may have given the same epoch to another owner.
      const isOurs = row !== null && row.epoch === epoch && row.owner === owner && row.nextOffset >= to;
      return isOurs ? askedAtMs : null;
    } catch (error) {
      const why = `the ownership of a lane cannot be checked; the worker retries: ${errorMessage(error)}`;
      log.warn({ partition: lane.partition, attempt }, why);
      await sleep(askAgain(attempt));
    }
  }
  return null;
}

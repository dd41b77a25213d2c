/**
 * The proof of ownership for late publishing. A worker may be frozen after its COMMIT. If the database fails over meanwhile
 * and loses this COMMIT, another worker decides the same commands again. The outcomes of the frozen worker would then be
 * second, different ones. So a proof expires after a pause in which a lane can get another owner. After that the worker
 * asks the database before it publishes.
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
  /** The name that this process claims lanes under. */
  readonly owner: string;
  /** Shorter than the time in which the group gives a silent member's lanes to others, ms. */
  readonly pauseMaxMs: number;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const askAgain = backoff({ initialMs: 100, maxMs: 2_000 });

/** The proof of a publication. Its renewal rejects with ABORTED if the commit or the lane is no longer ours. */
export function createPublishProof(deps: PublishProofDeps): (publication: Publication) => SendProof {
  return (publication) => ({
    untilMs: publication.provenAtMs + deps.pauseMaxMs,
    renew: () => renew(deps, publication),
  });
}

/** Resolves with the time until which the proof holds. Rejects with ABORTED, and counts it, if nothing may be published. */
async function renew(deps: PublishProofDeps, publication: Publication): Promise<number> {
  const { pauseMaxMs, metrics, log } = deps;
  const { lane, epoch, from, to } = publication;
  const askedAtMs = await askWhetherOurs(deps, publication);
  if (askedAtMs !== null) return askedAtMs + pauseMaxMs;
  metrics.inc('worker_publishes_withheld_total');
  log.warn(
    { partition: lane.partition, from, to, epoch },
    'outcomes are not published after a pause: their commit or their lane is gone',
  );
  throw appError('ABORTED');
}

/** When the database confirmed it, by `performance.now()`; null if the commit or the lane is no longer ours. */
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
      const why = `a pause cannot be judged yet: ${errorMessage(error)}`;
      log.warn({ partition: lane.partition, attempt }, why);
      await sleep(askAgain(attempt));
    }
  }
  return null;
}

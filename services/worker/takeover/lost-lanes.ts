/** Which lanes are no longer where their owner thinks. */
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import type { Lane } from '../lanes/lane.ts';
import { readPositions } from '../store/positions.ts';

export interface LostLaneDeps {
  readonly topic: string;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** A lane is not ours, or not where we think: it has to be claimed again, if it is still assigned. */
  onFenceLost(lane: Lane): void;
  /** A lane's position in the database lies before what this process has committed under the same claim. */
  onWentBack?(lane: Lane): void;
}

/** Asks the database where the lanes of a fence that did not move stand, and tells of each that is elsewhere. */
export async function findLostLanes(
  { topic, metrics, log, onFenceLost, onWentBack }: LostLaneDeps,
  session: Session,
  lanes: readonly Lane[],
): Promise<void> {
  const partitions = lanes.map((lane) => lane.partition);
  const positions = await session.transaction((inside) => readPositions(inside, topic, partitions));
  for (const lane of lanes) {
    const { partition } = lane;
    const { epoch, nextOffset } = lane.position;
    const now = positions.get(partition);
    if (now?.epoch === epoch && now.nextOffset === nextOffset) continue;
    if (now === undefined || (now.epoch <= epoch && now.nextOffset < nextOffset)) onWentBack?.(lane);
    metrics.inc('worker_fences_lost_total');
    log.warn({ partition, epoch, nextOffset, now }, 'the fence was lost');
    onFenceLost(lane);
  }
}

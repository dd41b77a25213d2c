/** Finds lanes whose owner or position is not the one that this process expects. */
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import type { Lane } from '../lanes/lane.ts';
import { readPositions } from '../store/positions.ts';

export interface LostLaneDeps {
  readonly topic: string;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Called if the lane has another owner or position. A lane that is still assigned is then claimed again. */
  onFenceLost(lane: Lane): void;
  /** Called if the stored position is before the position that this process committed under the same claim. */
  onWentBack?(lane: Lane): void;
}

/** Reads the positions of lanes whose fence did not move, and reports each lane that differs. */
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
    log.warn(
      { partition, epoch, nextOffset, now },
      'a lane has another owner or position; the worker claims it again if it is still assigned',
    );
    onFenceLost(lane);
  }
}

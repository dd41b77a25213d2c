/** Finds lanes that have another owner or another position than this process expects. */
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import type { Lane } from '../lanes/lane.ts';
import { readPositions } from '../store/positions.ts';

export interface LostLaneDeps {
  readonly topic: string;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** The lane has another owner or position. It is claimed again if it is still assigned. */
  onFenceLost(lane: Lane): void;
  /** The position in the database is before what this process committed under the same claim. */
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
    log.warn({ partition, epoch, nextOffset, now }, 'the fence was lost');
    onFenceLost(lane);
  }
}

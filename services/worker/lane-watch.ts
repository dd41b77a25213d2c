/** Tells how the lanes stand: as metrics, as readiness, and in the log when one has not moved for long. */
import type { Lifecycle } from '../shared/lifecycle/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import type { Lane, LaneState } from './lane.ts';

const watchEveryMs = 1_000;
/** A lane that holds records and decides none for this long is in trouble, whatever the reason. */
const stuckAfterMs = 30_000;
const states: readonly LaneState[] = ['claiming', 'running', 'stopped'];

/** Watches until the returned function is called. */
export function watchLanes(deps: {
  lanes: () => Iterable<Lane>;
  lifecycle: Lifecycle;
  metrics: Metrics;
  log: Logger;
}): () => void {
  const { lifecycle, metrics, log } = deps;

  const watch = () => {
    const lanes = [...deps.lanes()];
    for (const state of states) {
      metrics.set('worker_lanes', lanes.filter((lane) => lane.state === state).length, { state });
    }
    metrics.set(
      'worker_lane_records',
      lanes.reduce((sum, lane) => sum + lane.heldRecords, 0),
    );
    metrics.set(
      'worker_unpublished_batches',
      lanes.reduce((sum, lane) => sum + lane.unpublishedBatches, 0),
    );
    for (const lane of lanes.filter(isStuck)) {
      log.error(
        { partition: lane.partition, state: lane.state, held: lane.heldRecords },
        'a lane does not move',
      );
    }
  };

  const timer = setInterval(watch, watchEveryMs);
  const removeCheck = lifecycle.addReadiness('lanes', () => {
    const stopped = [...deps.lanes()].find((lane) => lane.state === 'stopped');
    return stopped === undefined ? true : `lane ${stopped.partition} is stopped: ${stopped.stoppedBecause}`;
  });
  return () => {
    clearInterval(timer);
    removeCheck();
  };
}

function isStuck(lane: Lane): boolean {
  return lane.heldRecords > 0 && performance.now() - lane.lastProgressMs > stuckAfterMs;
}

/** Writes a reading into the metrics. */
import { isStalled, type LaneStanding, lagSeconds } from '../inspection/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import type { Reading } from './reading.ts';
import type { Answered } from './scale/page.ts';

/** The number of lanes that make no progress, and the lines of the metrics for each lane and group. */
export function exportLag(metrics: Pick<Metrics, 'set'>, { nowMs, lanes, groups }: Reading): void {
  for (const lane of lanes) {
    const { partition } = lane;
    metrics.set('lane_lag_seconds', lagSeconds(lane, nowMs), { partition });
    metrics.set('lane_backlog', lane.lag, { partition });
    metrics.set('lane_stalled', isStalled(lane, nowMs) ? 1 : 0, { partition });
  }
  for (const standing of groups) {
    const { group, topic, partition } = standing;
    metrics.set('group_lag', standing.lag, { group, topic, partition });
    metrics.set('group_lag_seconds', lagSeconds(standing, nowMs), { group, topic, partition });
  }
  const count = (fits: (lane: LaneStanding) => boolean): number => lanes.filter(fits).length;
  metrics.set(
    'observer_backlog',
    lanes.reduce((sum, { lag }) => sum + lag, 0),
  );
  metrics.set(
    'observer_lanes_with_work',
    count(({ lag }) => lag > 0),
  );
  metrics.set(
    'observer_lanes_stalled',
    count((lane) => isStalled(lane, nowMs)),
  );
}

/** Rates, and the number of workers that `/scale/worker` answers. */
export function exportScale(
  metrics: Pick<Metrics, 'set'>,
  { flow, workers, needed, workerRate }: Answered,
  workersMax: number,
): void {
  metrics.set('observer_arrival_rate', flow.arrivalRate);
  metrics.set('observer_outcome_rate', flow.outcomeRate);
  metrics.set('observer_worker_rate', workerRate);
  metrics.set('observer_workers_wanted', workers);
  metrics.set('observer_workers_needed', needed);
  metrics.set('observer_workers_max', workersMax);
}

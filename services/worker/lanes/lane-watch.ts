/**
 * Reports the lanes in metrics, readiness, the table `lane_waits` and the log. If a lane holds records but decides
 * none for no known reason, this process is faulty. Liveness reports the lane. After a while the process ends, and
 * its supervisor starts another process.
 */
import { appError } from '../../shared/errors/index.ts';
import type { Lifecycle } from '../../shared/lifecycle/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import { type LaneWait, shownWait, waitPlaces } from '../waits/lane-waits.ts';
import type { WaitReport } from '../waits/wait-report.ts';
import type { Lane } from './lane.ts';
import type { LaneState } from './lane-states.ts';
import type { LaneSnapshot } from './lane-types.ts';

const watchEveryMs = 1_000;
/** Consecutive checks at which a lane held records, made no progress and had no known reason to wait. */
const looks = { logged: 30, notAlive: 60, fatal: 120 } as const;
const states: readonly LaneState[] = ['claiming', 'running', 'stopped'];

export interface LaneWatchDeps {
  lanes(): Iterable<Lane>;
  readonly report: WaitReport;
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Ends the process. */
  fatal(error: unknown): void;
}

type Snapshots = ReadonlyMap<Lane, LaneSnapshot>;

/** How long a lane has made no progress. */
interface Stillness {
  readonly nextOffset: number;
  readonly looks: number;
}

/** Watches until the returned function is called. */
export function watchLanes(deps: LaneWatchDeps): () => void {
  const { lifecycle, metrics, report } = deps;
  const still = new Map<Lane, Stillness>();
  const look = (): Snapshots => new Map([...deps.lanes()].map((lane) => [lane, lane.snapshot()]));

  const watch = () => {
    const snapshots = look();
    const all = [...snapshots.values()];
    for (const state of states)
      metrics.set('worker_lanes', all.filter((lane) => lane.state === state).length, { state });
    metrics.set(
      'worker_lane_records',
      sumOf(all, ({ heldRecords }) => heldRecords),
    );
    metrics.set(
      'worker_unpublished_batches',
      sumOf(all, ({ unpublishedBatches }) => unpublishedBatches),
    );
    showWaits(
      metrics,
      all.map(({ wait }) => shownWait(wait)),
    );
    void report.update(snapshots);
    lookForStuck(deps, snapshots, still);
  };

  const timer = setInterval(watch, watchEveryMs);
  const removeChecks = [
    lifecycle.addReadiness('lanes', () => waitOf([...look().values()]) ?? true),
    lifecycle.addLiveness('lanes', () => {
      const stuck = [...still].find(([, { looks: seen }]) => seen >= looks.notAlive);
      return stuck === undefined ? true : `lane ${stuck[0].partition} does not move, for no known reason`;
    }),
  ];
  return () => {
    clearInterval(timer);
    for (const remove of removeChecks) remove();
  };
}

/** A sentence about one waiting lane, if possible one that needs an operator; null if no lane waits. */
function waitOf(snapshots: readonly LaneSnapshot[]): string | null {
  const waiting = snapshots.flatMap(({ partition, wait }) => {
    const shown = shownWait(wait);
    return shown === null ? [] : [{ partition, ...shown }];
  });
  const first = waiting.find(({ needsOperator }) => needsOperator) ?? waiting[0];
  if (first === undefined) return null;
  const state = first.place === 'stopped' ? 'is stopped' : `waits at ${first.place}`;
  const others = waiting.length === 1 ? '' : `, and ${waiting.length - 1} more`;
  return `lane ${first.partition} ${state}: ${first.why}${others}`;
}

function showWaits(metrics: Metrics, waits: readonly (LaneWait | null)[]): void {
  for (const place of waitPlaces) {
    metrics.set('worker_lanes_waiting', waits.filter((wait) => wait?.place === place).length, { place });
  }
  const nowMs = performance.now();
  const waitedMs = Math.max(0, ...waits.map((wait) => (wait === null ? 0 : nowMs - wait.sinceMs)));
  metrics.set('worker_lane_wait_seconds', waitedMs / 1_000);
}

/** Counts checks, not time, because a frozen process makes no checks. */
function lookForStuck(
  { log, fatal }: LaneWatchDeps,
  snapshots: Snapshots,
  still: Map<Lane, Stillness>,
): void {
  for (const lane of still.keys()) if (!snapshots.has(lane)) still.delete(lane);
  for (const [lane, { partition, state, nextOffset, heldRecords: held, wait }] of snapshots) {
    const before = still.get(lane);
    const isStill = held > 0 && wait === null && before?.nextOffset === nextOffset;
    const seen = isStill ? before.looks + 1 : 0;
    still.set(lane, { nextOffset, looks: seen });
    if (seen === looks.logged) log.error({ partition, state, held }, 'a lane makes no progress');
    if (seen === looks.fatal) {
      const seconds = Math.round((seen * watchEveryMs) / 1_000);
      fatal(appError('LANE_STUCK', { partition, held, seconds }));
    }
  }
}

function sumOf(snapshots: readonly LaneSnapshot[], of: (snapshot: LaneSnapshot) => number): number {
  return snapshots.reduce((sum, snapshot) => sum + of(snapshot), 0);
}

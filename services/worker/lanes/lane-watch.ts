/**
 * Reports how the lanes are: as metrics, as readiness, in the table `lane_waits`, and in the log. A lane that does not move
 * though nothing is known to hold it up is a fault of this process: liveness says so, and soon the process ends, as its
 * supervisor starts a clean one.
 */
import { appError } from '../../shared/errors/index.ts';
import type { Lifecycle } from '../../shared/lifecycle/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import { type Wait, waitPlaces } from '../waits/lane-waits.ts';
import type { WaitReport } from '../waits/wait-report.ts';
import type { Lane, LaneState } from './lane.ts';

const watchEveryMs = 1_000;
/** A wait that is shorter is what every retry looks like. */
const shownAfterMs = 3_000;
/** Looks in a row at which a lane held records, had decided none since the last look, and waited for nothing known. */
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

/** Watches until the returned function is called. */
export function watchLanes(deps: LaneWatchDeps): () => void {
  const { lifecycle, metrics, report } = deps;
  const still = new Map<Lane, { nextOffset: number; looks: number }>();

  const watch = () => {
    const lanes = [...deps.lanes()];
    for (const state of states) {
      metrics.set('worker_lanes', lanes.filter((lane) => lane.state === state).length, { state });
    }
    metrics.set(
      'worker_lane_records',
      sumOf(lanes, ({ heldRecords }) => heldRecords),
    );
    metrics.set(
      'worker_unpublished_batches',
      sumOf(lanes, ({ unpublishedBatches }) => unpublishedBatches),
    );
    const waits = new Map(lanes.map((lane) => [lane, shownWait(lane)]));
    showWaits(metrics, [...waits.values()]);
    void report.update(waits);
    lookForStuck(deps, lanes, still);
  };

  const timer = setInterval(watch, watchEveryMs);
  const removeChecks = [
    lifecycle.addReadiness('lanes', () => waitOf([...deps.lanes()]) ?? true),
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

/** The wait of a lane that is worth showing, null while it goes on. */
function shownWait({ waits }: Lane): Wait | null {
  const wait = waits.current;
  if (wait === null) return null;
  return wait.place === 'stopped' || performance.now() - wait.sinceMs >= shownAfterMs ? wait : null;
}

/** One sentence about the lane that needs a person most; null when all go on. */
function waitOf(lanes: readonly Lane[]): string | null {
  const waiting = lanes.flatMap((lane) => {
    const wait = shownWait(lane);
    return wait === null ? [] : [{ lane, wait }];
  });
  const first = waiting.find(({ wait }) => wait.needsOperator) ?? waiting[0];
  if (first === undefined) return null;
  const { lane, wait } = first;
  const state = wait.place === 'stopped' ? 'is stopped' : `waits at ${wait.place}`;
  const others = waiting.length === 1 ? '' : `, and ${waiting.length - 1} more`;
  return `lane ${lane.partition} ${state}: ${wait.why}${others}`;
}

function showWaits(metrics: Metrics, waits: readonly (Wait | null)[]): void {
  for (const place of waitPlaces) {
    metrics.set('worker_lanes_waiting', waits.filter((wait) => wait?.place === place).length, { place });
  }
  const nowMs = performance.now();
  const waitedMs = Math.max(0, ...waits.map((wait) => (wait === null ? 0 : nowMs - wait.sinceMs)));
  metrics.set('worker_lane_wait_seconds', waitedMs / 1_000);
}

/** Counts looks, not time: a process that was frozen for long has not looked meanwhile. */
function lookForStuck(
  { log, fatal }: LaneWatchDeps,
  lanes: readonly Lane[],
  still: Map<Lane, { nextOffset: number; looks: number }>,
): void {
  for (const lane of still.keys()) if (!lanes.includes(lane)) still.delete(lane);
  for (const lane of lanes) {
    const { nextOffset, heldRecords: held, partition, state } = lane;
    const before = still.get(lane);
    const isStill = held > 0 && lane.waits.current === null && before?.nextOffset === nextOffset;
    const seen = isStill ? before.looks + 1 : 0;
    still.set(lane, { nextOffset, looks: seen });
    if (seen === looks.logged) log.error({ partition, state, held }, 'a lane makes no progress');
    if (seen === looks.fatal) {
      const seconds = Math.round((seen * watchEveryMs) / 1_000);
      fatal(appError('LANE_STUCK', { partition, held, seconds }));
    }
  }
}

function sumOf(lanes: readonly Lane[], of: (lane: Lane) => number): number {
  return lanes.reduce((sum, lane) => sum + of(lane), 0);
}

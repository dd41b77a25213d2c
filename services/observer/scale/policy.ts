/**
 * How many workers the demand needs. Pure: the same demand and memory always give the same answer.
 *
 *   workers = the larger of  arrivals ÷ (rate of a worker × 0.7)
 *                       and  (arrivals + backlog ÷ drain target) ÷ rate of a worker
 *
 * A lane is processed by one worker, so it needs at most one. If the backlog of a moving lane keeps growing, its worker is slow.
 * One more worker a minute then takes lanes from it. The number rises at once. It falls only after ten quiet minutes.
 */

export interface LaneDemand {
  /** Commands per second that arrive. */
  readonly arrivalRate: number;
  /** Commands per second that get their outcome. */
  readonly outcomeRate: number;
  /** Commands without a published outcome. */
  readonly backlog: number;
  /**
   * `moving`: it advances, has no work, or has no owner. `still`: it did not advance since the last reading, so its
   * backlog does not count. `stalled`: more workers do not help, so nothing of it counts.
   */
  readonly state: 'moving' | 'still' | 'stalled';
}

export interface Demand {
  /** A clock that never goes back, in ms. */
  readonly monotonicMs: number;
  readonly lanes: readonly LaneDemand[];
  /** Commands per second that one worker can process. */
  readonly workerRate: number;
  /** Nothing moves although there is work: the database or Kafka stands. More workers do not help. */
  readonly isHalted: boolean;
}

export interface ScaleLimits {
  /** In this time a backlog should be gone, in seconds. */
  readonly drainSeconds: number;
  readonly workersMin: number;
  readonly workersMax: number;
}

/** What the policy remembers from one decision to the next. */
export interface ScaleMemory {
  readonly workers: number;
  /** When the number changed last. */
  readonly changedMs: number;
  /** The numbers below which the workers must not fall, each for ten minutes, oldest first. */
  readonly floors: readonly Floor[];
}

interface Floor {
  readonly monotonicMs: number;
  readonly workers: number;
}

export type Because = 'arrivals' | 'backlog' | 'minimum' | 'held' | 'halted';

export interface Decision {
  readonly workers: number;
  /** The demand in workers, before rounding and limits. */
  readonly needed: number;
  readonly because: Because;
  readonly memory: ScaleMemory;
}

/** At this share of its rate, a worker still has short queues. */
const utilisation = 0.7;
/** A step down needs this much room, so that noise does not undo it. */
const roomBelow = 1.1;
export const stepDownHoldMs = 600_000;
/** A lane is far behind if its backlog is this many times the drain target old. */
const farBehind = 3;
const oneMoreEveryMs = 60_000;

/** The memory of a process that has just started. It keeps the present number for ten minutes. */
export function newMemory(workers: number, monotonicMs: number): ScaleMemory {
  return { workers, changedMs: monotonicMs, floors: [{ monotonicMs, workers }] };
}

/** Decides once. Call it for each reading, with the memory of the decision before. */
export function decideWorkers(demand: Demand, limits: ScaleLimits, memory: ScaleMemory): Decision {
  const { byArrivals, byBacklog, cap } = needOf(demand, limits);
  const needed = Math.max(byArrivals, byBacklog, byLateLanes(demand, limits, memory));
  const bounded = (value: number): number => Math.max(limits.workersMin, Math.min(cap, stepTo(value, cap)));
  const up = bounded(Math.ceil(needed));
  const recent = memory.floors.filter(({ monotonicMs }) => demand.monotonicMs - monotonicMs < stepDownHoldMs);
  const floor = demand.isHalted ? memory.workers : bounded(Math.ceil(needed * roomBelow));
  const floors = [...recent, { monotonicMs: demand.monotonicMs, workers: floor }];
  const held = Math.max(...floors.map(({ workers }) => workers));
  const workers = demand.isHalted
    ? memory.workers
    : up > memory.workers
      ? up
      : Math.min(memory.workers, Math.max(held, limits.workersMin));
  return {
    workers,
    needed,
    because: reason(demand, { workers, up, byArrivals, byBacklog, workersMin: limits.workersMin }),
    memory: {
      workers,
      floors,
      changedMs: workers === memory.workers ? memory.changedMs : demand.monotonicMs,
    },
  };
}

function needOf({ lanes, workerRate }: Demand, { drainSeconds, workersMax }: ScaleLimits) {
  const counted = lanes.filter(({ state }) => state !== 'stalled');
  const backlogOf = ({ state, backlog }: LaneDemand): number => (state === 'still' ? 0 : backlog);
  const sum = (ofLane: (lane: LaneDemand) => number): number =>
    counted.reduce((total, lane) => total + Math.min(1, ofLane(lane)), 0);
  const withWork = counted.filter(({ arrivalRate, backlog }) => arrivalRate > 0 || backlog > 0).length;
  return {
    byArrivals: sum(({ arrivalRate }) => arrivalRate / (workerRate * utilisation)),
    byBacklog: sum((lane) => (lane.arrivalRate + backlogOf(lane) / drainSeconds) / workerRate),
    cap: Math.min(workersMax, withWork),
  };
}

/** One more than now while a lane falls far behind although it moves, once a minute; otherwise 0. */
function byLateLanes(
  { lanes, monotonicMs }: Demand,
  { drainSeconds }: ScaleLimits,
  memory: ScaleMemory,
): number {
  const isLate = lanes.some(
    ({ state, backlog, arrivalRate, outcomeRate }) =>
      state === 'moving' &&
      outcomeRate <= arrivalRate &&
      backlog > arrivalRate * drainSeconds * farBehind &&
      backlog > 0,
  );
  if (!isLate) return 0;
  return monotonicMs - memory.changedMs >= oneMoreEveryMs ? memory.workers + 1 : memory.workers / roomBelow;
}

/**
 * The autoscaler of Kubernetes ignores a change of at most a tenth. So from ten workers on, one more would never come:
 * these steps are larger.
 */
function stepTo(workers: number, cap: number): number {
  let level = 1;
  while (level < workers && level < cap) level = Math.max(level + 1, Math.floor(level * 1.1) + 1);
  return Math.min(level, cap);
}

function reason(
  { isHalted }: Demand,
  seen: { workers: number; up: number; byArrivals: number; byBacklog: number; workersMin: number },
): Because {
  if (isHalted) return 'halted';
  if (seen.workers > seen.up) return 'held';
  if (seen.workers === seen.workersMin && Math.max(seen.byArrivals, seen.byBacklog) < seen.workersMin)
    return 'minimum';
  return seen.byBacklog > seen.byArrivals ? 'backlog' : 'arrivals';
}

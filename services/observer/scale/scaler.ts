/** From readings to the number of workers: keeps what the pure functions remember. */
import { type Flow, flowBetween, isStalled, type LaneStanding } from '../../inspection/index.ts';
import type { Reading } from '../reading.ts';
import {
  type Decision,
  type Demand,
  decideWorkers,
  type LaneDemand,
  newMemory,
  type ScaleLimits,
  type ScaleMemory,
} from './policy.ts';
import { nextWorkerRate } from './worker-rate.ts';

export interface Scaler {
  /**
   * Decides for a reading; null at the first one, because a rate needs two.
   *
   * @param flow the rates of the last readings, from the same window for all lanes
   */
  add(reading: Reading, flow: Flow | null): (Decision & { readonly workerRate: number }) | null;
}

/** @param configuredRate commands per second of one worker, until a backlog shows it */
export function createScaler(limits: ScaleLimits, configuredRate: number): Scaler {
  let before: Reading | null = null;
  let memory: ScaleMemory | null = null;
  let workerRate = configuredRate;
  return {
    add(reading, flow) {
      const last = before;
      before = reading;
      if (last === null || flow === null) return null;
      workerRate = nextWorkerRate(workerRate, configuredRate, {
        before: last,
        after: reading,
        flow: flowBetween(last, reading),
      });
      memory ??= newMemory(workersIn(reading, limits), reading.monotonicMs);
      const decision = decideWorkers(demandOf(last, reading, flow, workerRate), limits, memory);
      memory = decision.memory;
      return { ...decision, workerRate };
    },
  };
}

/** The workers that own lanes now. */
function workersIn({ lanes }: Reading, { workersMin, workersMax }: ScaleLimits): number {
  const owners = new Set(lanes.map(({ owner }) => owner).filter((owner) => owner !== ''));
  return Math.min(workersMax, Math.max(workersMin, owners.size));
}

/** What the lanes need, from two readings that follow each other. */
export function demandOf(before: Reading, after: Reading, flow: Flow, workerRate: number): Demand {
  const rates = new Map(flow.lanes.map((lane) => [lane.partition, lane]));
  const earlier = new Map(before.lanes.map((lane) => [lane.partition, lane]));
  const lanes = after.lanes.map(
    (lane): LaneDemand => ({
      arrivalRate: rates.get(lane.partition)?.arrivalRate ?? 0,
      outcomeRate: rates.get(lane.partition)?.outcomeRate ?? 0,
      backlog: lane.lag,
      state: stateOf(lane, earlier.get(lane.partition), after.nowMs),
    }),
  );
  const advanced = after.lanes.some(
    ({ partition, published }) => published > (earlier.get(partition)?.published ?? 0),
  );
  const waits = lanes.some(({ state }) => state !== 'moving');
  return {
    monotonicMs: after.monotonicMs,
    lanes,
    workerRate,
    isHalted: !after.hasTables || (waits && !advanced),
  };
}

function stateOf(lane: LaneStanding, earlier: LaneStanding | undefined, nowMs: number): LaneDemand['state'] {
  if (lane.owner === '') return 'moving';
  if (isStalled(lane, nowMs)) return 'stalled';
  const hadWork = earlier !== undefined && earlier.lag > 0;
  return hadWork && lane.published <= earlier.published ? 'still' : 'moving';
}

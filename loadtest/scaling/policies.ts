/** What the autoscaler is told: by the observer, or by the lag alone as before. */
import { createRates } from '../../services/observer/rates.ts';
import type { Reading } from '../../services/observer/reading.ts';
import { createScaler } from '../../services/observer/scale/scaler.ts';
import type { Behaviour } from './autoscaler.ts';
import { clusterConstants, observerConstants, pipelineConstants } from './constants.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { WorkerFaults, Workers } from './workers.ts';

export interface Policy {
  readonly behaviour: Behaviour;
  /** The desired number of workers at this second; null if there is no answer. */
  desired(
    second: number,
    queues: readonly LaneQueue[],
    workers: Workers,
    faults: WorkerFaults,
  ): number | null;
}

/** The policy of `k8s/components/keda`: the real functions of the observer on readings of the model, and the trigger `kafka`. */
export function observerPolicy(): Policy {
  const { replicasMin, replicasMax } = clusterConstants;
  const limits = {
    drainSeconds: observerConstants.drainSeconds,
    workersMin: replicasMin,
    workersMax: replicasMax,
  };
  const scaler = createScaler(limits, pipelineConstants.workerRate);
  const rates = createRates(observerConstants.windowSeconds * 1_000);
  let desired: number | null = null;
  return {
    behaviour: {
      upPods: null,
      upEverySeconds: 15,
      downPods: 1,
      downEverySeconds: 120,
      downWindowSeconds: 600,
    },
    desired(second, queues, workers, faults) {
      if (faults.kafkaIsAway) return null;
      if (second % observerConstants.readSeconds === 0) {
        const reading = readingOf(second, queues, workers, faults);
        desired = scaler.add(reading, rates.add(reading))?.workers ?? desired;
      }
      return Math.max(desired ?? 0, Math.ceil(lagOf(queues) / clusterConstants.lagThreshold));
    },
  };
}

/** The policy before: KEDA's `kafka` trigger alone, with `lagThreshold` 2,000 and two pods in 30 s. */
export function lagPolicy(): Policy {
  const lagThreshold = 2_000;
  return {
    behaviour: { upPods: 2, upEverySeconds: 30, downPods: 1, downEverySeconds: 120, downWindowSeconds: 600 },
    desired(_second, queues, _workers, faults) {
      if (faults.kafkaIsAway) return null;
      return Math.max(clusterConstants.replicasMin, Math.ceil(lagOf(queues) / lagThreshold));
    },
  };
}

function lagOf(queues: readonly LaneQueue[]): number {
  return queues.reduce((sum, { end, published }) => sum + end - published, 0);
}

function readingOf(
  second: number,
  queues: readonly LaneQueue[],
  { lanes }: Workers,
  { databaseStands }: WorkerFaults,
): Reading {
  return {
    monotonicMs: second * 1_000,
    nowMs: second * 1_000,
    groups: [],
    hasTables: !databaseStands,
    lanes: queues.map(({ partition, end, published, oldest }) => {
      const { owner, epoch, movedAt } = lanes[partition]!;
      return {
        ...{ partition, owner, epoch, next: published, published, end, lag: end - published },
        oldestAtMs: oldest === null ? null : oldest * 1_000,
        movedAtMs: movedAt * 1_000,
        ...{ outboxRows: 0, suspect: null, deaths: 0, wait: null, waitsFor: '' },
      };
    }),
  };
}

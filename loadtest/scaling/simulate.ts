/** Plays one scenario with one policy, second by second. */
import { createRandom } from '../store/random.ts';
import { createAutoscaler } from './autoscaler.ts';
import { clusterConstants, pipelineConstants } from './constants.ts';
import { createLaneQueue, type LaneQueue } from './lane-queue.ts';
import type { Policy } from './policies.ts';
import type { Scenario } from './scenarios.ts';
import { createWorkers, type WorkerFaults } from './workers.ts';

export interface Played {
  /** Changes of the number of replicas per hour. */
  readonly stepsAnHour: number;
  readonly replicasMin: number;
  readonly replicasMax: number;
  readonly replicasMean: number;
  /** Replicas that were added while a fault lasted. */
  readonly addedInFault: number;
  /** Seconds in which the oldest command of a lane was older than the objective. */
  readonly secondsLate: number;
  /** Longest age of a command, in seconds. */
  readonly oldest: number;
}

const noFaults: WorkerFaults = {
  databaseStands: false,
  kafkaIsAway: false,
  stalledLane: null,
  firstPodShare: 1,
};
/** Slow swing of a steady load, beside the noise of single arrivals. */
const swing = 0.03;
const swingSeconds = 420;

/** @param phase shifts the looks of the autoscaler, in seconds */
export function simulate(
  { seconds, warmUpSeconds, rateAt, faultsAt }: Scenario,
  policy: Policy,
  { phase = 0, seed = 1 }: { phase?: number; seed?: number } = {},
): Played {
  const queues = Array.from({ length: pipelineConstants.partitions }, (_, partition) =>
    createLaneQueue(partition),
  );
  const workers = createWorkers(clusterConstants.replicasMin);
  const autoscaler = createAutoscaler(policy.behaviour, phase);
  const arrivals = createArrivals(seed);
  const seen = { steps: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: 0, late: 0, oldest: 0, added: 0 };
  for (let second = 0; second < seconds; second += 1) {
    const given = faultsAt?.(second) ?? {};
    const faults = { ...noFaults, ...given };
    // Ingestion refuses orders without Kafka, and those of a lane that is too far behind.
    for (const queue of queues) {
      const commands = arrivals(rateAt(second), second);
      if (!faults.kafkaIsAway && ageOf(queue, second) <= pipelineConstants.lagLimitSeconds)
        queue.add(second, commands);
    }
    workers.work(second, queues, faults);
    const before = workers.replicas;
    workers.scaleTo(second, autoscaler.sync(second, before, policy.desired(second, queues, workers, faults)));
    if (second < warmUpSeconds) continue;
    const change = workers.replicas - before;
    if (change !== 0) seen.steps += 1;
    if (Object.keys(given).length > 0) seen.added += Math.max(0, change);
    seen.sum += workers.replicas;
    seen.min = Math.min(seen.min, workers.replicas);
    seen.max = Math.max(seen.max, workers.replicas);
    const age = Math.max(...queues.map((queue) => ageOf(queue, second + 1)));
    seen.oldest = Math.max(seen.oldest, age);
    if (age > pipelineConstants.outcomeSeconds) seen.late += 1;
  }
  const counted = seconds - warmUpSeconds;
  return {
    stepsAnHour: (seen.steps * 3_600) / counted,
    ...{ replicasMin: seen.min, replicasMax: seen.max, replicasMean: seen.sum / counted },
    ...{ addedInFault: seen.added, secondsLate: seen.late, oldest: seen.oldest },
  };
}

function ageOf({ oldest }: LaneQueue, second: number): number {
  return oldest === null ? 0 : second - oldest;
}

/** Commands of one partition in one second: its share of the rate with the noise of independent arrivals. */
function createArrivals(seed: number): (rate: number, second: number) => number {
  const random = createRandom(seed);
  const uniform = (): number => (random() + 0.5) / 2 ** 32;
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return (rate, second) => {
    const mean =
      (rate / pipelineConstants.partitions) * (1 + swing * Math.sin((2 * Math.PI * second) / swingSeconds));
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
  };
}

/** How many commands one worker can process per second. Only a worker with a backlog shows it. */
import { type Flow, isStalled, lagSeconds } from '../../inspection/index.ts';
import type { Reading } from '../reading.ts';

/** A worker whose lanes are at least this far behind is busy all the time. */
const busySeconds = 1;
/** A new measurement counts in full after about this time. */
const memorySeconds = 60;
/** One slow machine must not make the estimate useless, nor a short rush. */
const ratioMax = 4;

/**
 * The next estimate. It changes only if at least half of the workers are busy. A single slow worker says nothing
 * about the others.
 *
 * @param estimate the estimate before, in commands per second
 * @param configured the estimate before any measurement; the result is at most four times smaller or larger
 * @param flow what happened between the two readings
 */
export function nextWorkerRate(
  estimate: number,
  configured: number,
  { before, after, flow }: { before: Reading; after: Reading; flow: Flow },
): number {
  const rates = busyRates(before, after, flow);
  if (rates === null) return estimate;
  const weight = 1 - Math.exp(-flow.seconds / memorySeconds);
  const next = estimate + weight * (median(rates) - estimate);
  return Math.min(configured * ratioMax, Math.max(configured / ratioMax, next));
}

/** The rates of the busy workers; null if they are fewer than half. */
function busyRates(before: Reading, after: Reading, flow: Flow): number[] | null {
  const earlier = new Map(before.lanes.map((lane) => [lane.partition, lane]));
  const rates = new Map(flow.lanes.map(({ partition, outcomeRate }) => [partition, outcomeRate]));
  const owners = Map.groupBy(
    after.lanes.filter(({ owner }) => owner !== ''),
    ({ owner }) => owner,
  );
  const busy: number[] = [];
  for (const lanes of owners.values()) {
    const kept = lanes.every(({ partition, epoch }) => earlier.get(partition)?.epoch === epoch);
    const isBehind = lanes.some((lane) => {
      const older = earlier.get(lane.partition);
      return (
        older !== undefined &&
        Math.min(lagSeconds(older, before.nowMs), lagSeconds(lane, after.nowMs)) >= busySeconds &&
        (rates.get(lane.partition) ?? 0) > 0
      );
    });
    const stands = lanes.some((lane) => isStalled(lane, after.nowMs));
    if (kept && isBehind && !stands)
      busy.push(lanes.reduce((sum, { partition }) => sum + (rates.get(partition) ?? 0), 0));
  }
  return busy.length > 0 && busy.length * 2 >= owners.size ? busy : null;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

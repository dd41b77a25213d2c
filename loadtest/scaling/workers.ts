/** Workers of a consumer group: pods that start, lanes that move between them, and what they process. */
import { clusterConstants, groupConstants, pipelineConstants } from './constants.ts';
import type { LaneQueue } from './lane-queue.ts';

export interface WorkerFaults {
  readonly databaseStands: boolean;
  readonly kafkaIsAway: boolean;
  readonly stalledLane: number | null;
  /** The first pod works at this share of its rate. */
  readonly firstPodShare: number;
}

interface Owned {
  owner: string;
  epoch: number;
  /** The lane stands until this second, because it moves. */
  pausedUntil: number;
  /** Second of the last decision. */
  movedAt: number;
}

export interface Workers {
  readonly replicas: number;
  /** By partition. */
  readonly lanes: readonly Readonly<Owned>[];
  scaleTo(second: number, replicas: number): void;
  /** One second of work. */
  work(second: number, queues: readonly LaneQueue[], faults: WorkerFaults): void;
}

interface Pod {
  readonly name: string;
  readonly readyAt: number;
}

export function createWorkers(replicas: number): Workers {
  let started = 0;
  const newPod = (readyAt: number): Pod => {
    started += 1;
    return { name: `worker-${started}`, readyAt };
  };
  let pods: Pod[] = Array.from({ length: replicas }, () => newPod(0));
  let members: readonly string[] = [];
  const lanes: Owned[] = Array.from({ length: pipelineConstants.partitions }, () => ({
    ...{ owner: '', epoch: 0, pausedUntil: 0, movedAt: 0 },
  }));
  const rebalance = (second: number): void => {
    const ready = pods.filter(({ readyAt }) => readyAt <= second).map(({ name }) => name);
    if (ready.join() === members.join()) return;
    members = ready;
    moveLanes(lanes, ready, second);
  };
  return {
    get replicas() {
      return pods.length;
    },
    lanes,
    scaleTo(second, wanted) {
      while (pods.length < wanted) pods.push(newPod(second + clusterConstants.podStartSeconds));
      // Kubernetes ends the youngest pods first.
      pods = pods.slice(0, wanted);
    },
    work(second, queues, faults) {
      rebalance(second);
      if (faults.databaseStands || faults.kafkaIsAway) return;
      for (const [index, name] of members.entries()) {
        const share = index === 0 ? faults.firstPodShare : 1;
        const own = queues.filter(({ partition }) => {
          const lane = lanes[partition]!;
          return lane.owner === name && lane.pausedUntil <= second && partition !== faults.stalledLane;
        });
        process(
          own,
          pipelineConstants.workerRate * share,
          (partition) => (lanes[partition]!.movedAt = second),
        );
      }
    },
  };
}

/** Gives each member an equal number of lanes, and moves as few as possible. Only lanes that move stop. */
function moveLanes(lanes: Owned[], members: readonly string[], second: number): void {
  const held = new Map(members.map((name) => [name, 0]));
  const homeless: Owned[] = [];
  const share = Math.ceil(lanes.length / Math.max(1, members.length));
  for (const lane of lanes) {
    const count = held.get(lane.owner);
    if (count === undefined || count >= share) homeless.push(lane);
    else held.set(lane.owner, count + 1);
  }
  for (const lane of homeless) {
    const [least] = [...held].toSorted(([, a], [, b]) => a - b);
    if (least === undefined) {
      lane.owner = '';
      continue;
    }
    held.set(least[0], least[1] + 1);
    lane.owner = least[0];
    lane.epoch += 1;
    lane.pausedUntil = second + groupConstants.moveSeconds;
  }
}

/** Shares the capacity of a worker equally among its lanes; what one lane does not need goes to the others. */
function process(queues: readonly LaneQueue[], capacity: number, onMoved: (partition: number) => void): void {
  let left = Math.floor(capacity);
  let waiting = queues.filter(({ end, published }) => end > published);
  while (left >= 1 && waiting.length > 0) {
    const each = Math.max(1, Math.floor(left / waiting.length));
    for (const queue of waiting) {
      const taken = queue.take(Math.min(each, left));
      if (taken > 0) onMoved(queue.partition);
      left -= taken;
    }
    waiting = waiting.filter(({ end, published }) => end > published);
  }
}

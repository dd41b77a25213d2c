/** How many processes and cores a load needs, by Little's law and the measured costs of an order. */
import { pipelineConstants } from './constants.ts';

/** µs of processor an order, docs/performance.md (`bench e2e`): at 1,500/s, and at 512 connections (3,771/s). */
const costs = {
  ingestion: [224, 109],
  worker: [272, 105],
  Kafka: [220, 51],
  database: [261, 93],
  notification: [14, 18],
  reconciliation: [51, 24],
  projector: [8, 21],
  Redis: [46, 27],
} as const;

type Part = keyof typeof costs;

/** Above this rate the costs at 512 connections count. Nothing between the two was measured. */
const busyRate = 3_771;
/** The share of a core at which queues are still short. */
const utilisation = 0.7;
/** Half of the outcomes come within this time at 64 connections (docs/performance.md). */
const outcomeSeconds = 0.052;

export interface Size {
  /** Busy cores, without reserve. Kafka is one replica of each partition. */
  readonly busyCores: Readonly<Record<Part, number>>;
  /** Processes of one core each, at 70 %. */
  readonly ingestion: number;
  /** By the processor time of an order, on cores of their own. */
  readonly workersByCores: number;
  /** By the measured rate of a worker that shared its cores with all servers. */
  readonly workersByRate: number;
  /** A partition is processed by one worker. */
  readonly partitions: number;
  /** Orders between their `202` and their outcome. */
  readonly inFlight: number;
  /** The largest backlog that meets the objective of 5 s. */
  readonly backlogMax: number;
}

/** @param rate orders per second */
export function sizeFor(rate: number): Size {
  const busyCores = Object.fromEntries(
    Object.entries(costs).map(([part, [low, busy]]) => [part, (rate * (rate < busyRate ? low : busy)) / 1e6]),
  ) as Record<Part, number>;
  const workersByRate = Math.ceil(rate / (pipelineConstants.workerRate * utilisation));
  return {
    busyCores,
    ingestion: Math.ceil(busyCores.ingestion / utilisation),
    workersByCores: Math.ceil(busyCores.worker / utilisation),
    workersByRate,
    partitions: Math.max(pipelineConstants.partitions, workersByRate),
    inFlight: Math.round(rate * outcomeSeconds),
    backlogMax: rate * pipelineConstants.outcomeSeconds,
  };
}

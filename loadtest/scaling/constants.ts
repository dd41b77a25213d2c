/** What the models assume. Each value names what measured it, or the document that defines it. */

export const pipelineConstants = {
  /** `topics/partition.ts`. */
  partitions: 12,
  /** docs/performance.md: 3,771 orders/s with two workers at 512 connections, all servers on the same two cores. */
  workerRate: 1_886,
  /** `LAG_LIMIT_MS`: ingestion refuses orders of a partition whose commands wait longer. */
  lagLimitSeconds: 60,
  /** `ops/rules/slo.yaml`: 99 % of outcomes come within 5 s. */
  outcomeSeconds: 5,
} as const;

export const groupConstants = {
  /** Only lanes that move stop (docs/operating.md). Their pause is assumed: as long as three heartbeats. */
  moveSeconds: 3,
} as const;

export const clusterConstants = {
  /** Kubernetes: `--horizontal-pod-autoscaler-sync-period` is 15 s by default. */
  syncSeconds: 15,
  /** Kubernetes: `--horizontal-pod-autoscaler-tolerance` is 0.1 by default. */
  tolerance: 0.1,
  /** `k8s/base/worker.yaml`: the image is on the node, and a worker starts within its startup probe. Assumed. */
  podStartSeconds: 5,
  /** `k8s/components/keda`: `failureThreshold` times `pollingInterval`. */
  fallbackAfterSeconds: 30,
  fallbackReplicas: 4,
  /** `k8s/components/keda`: the trigger `kafka`, for the time without an observer. */
  lagThreshold: 100_000,
  replicasMin: 2,
  replicasMax: 12,
} as const;

export const observerConstants = {
  /** `OBSERVE_EVERY`. */
  readSeconds: 2,
  /** `services/observer/service.ts`: the window of the rates. */
  windowSeconds: 8,
  /** `SCALE_DRAIN`. */
  drainSeconds: 10,
} as const;

export { applyTopics, planCluster } from './apply.ts';
export * from './catalogue.ts';
export { PARTITIONS, partitionOfOrder, partitionOfSku } from './partition.ts';
export { batchCommandsMax, decidedAheadMax, unpublishedBatchesMax } from './pipeline-limits.ts';
export { changesOf, type PlanStep, planTopics, refusedOf } from './plan.ts';

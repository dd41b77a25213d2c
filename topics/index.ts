export * from './catalogue.ts';
export { PARTITIONS, partitionOfOrder, partitionOfSku } from './partition.ts';

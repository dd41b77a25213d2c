import type { TopicPartition } from '../types.ts';

/** The next offset per partition; unknown until the first fetch or seek. */
export interface Positions {
  get(topic: string, partition: number): bigint | null;
  set(topic: string, partition: number, next: bigint): void;
  forget(topic: string, partition: number): void;
}

export function createPositions(): Positions {
  const next = new Map<string, bigint>();
  const keyOf = (topic: string, partition: number) => `${topic}/${partition}`;
  return {
    get: (topic, partition) => next.get(keyOf(topic, partition)) ?? null,
    set: (topic, partition, offset) => void next.set(keyOf(topic, partition), offset),
    forget: (topic, partition) => void next.delete(keyOf(topic, partition)),
  };
}

interface Assignment {
  generation: number | null;
  partitions: readonly TopicPartition[];
}

/**
 * Compares the assignments of two joins. Partitions are kept only if the member missed no generation between
 * the joins. In a missed generation another member may have owned them, so they count as lost and gained.
 */
export function diffAssignment(
  before: Assignment,
  after: Assignment,
): { kept: TopicPartition[]; gained: TopicPartition[]; lost: TopicPartition[] } {
  const unbroken =
    before.generation !== null &&
    after.generation !== null &&
    (after.generation === before.generation || after.generation === before.generation + 1);
  const held = (partitions: readonly TopicPartition[], { topic, partition }: TopicPartition) =>
    partitions.some((each) => each.topic === topic && each.partition === partition);
  const isKept = (each: TopicPartition) =>
    unbroken && held(before.partitions, each) && held(after.partitions, each);
  return {
    kept: after.partitions.filter(isKept),
    gained: after.partitions.filter((each) => !isKept(each)),
    lost: before.partitions.filter((each) => !isKept(each)),
  };
}

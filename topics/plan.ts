import type { TopicEntry } from './catalogue.ts';

/** A topic of the cluster, named without the prefix. */
export interface ObservedTopic {
  name: string;
  partitions: number;
  replicationFactor: number;
  /** Effective values, as Kafka prints them. */
  configs: Readonly<Record<string, string>>;
}

/** One step that adapts a topic to the catalogue. One topic may have both a change and a refusal. */
export type PlanStep = { topic: string; detail: string } & (
  | { action: 'none' | 'refused' }
  | { action: 'create'; partitions: number; replicationFactor: number; configs: Record<string, string> }
  | { action: 'alterConfig'; configs: Record<string, string> }
);

export interface PlanOptions {
  /** Number of replicas of new topics. Existing topics keep their number. A topic with fewer replicas is refused. */
  replicationFactor: number;
}

/**
 * The steps that adapt the cluster to the catalogue. The function is pure.
 *
 * No step can lose a record or move a key. Partitions and cleanup policies never change. Retention, message size and
 * in-sync replicas are only raised. Any other difference is `refused`, so that a person decides. Topics outside the
 * catalogue are ignored.
 */
export function planTopics(
  catalogue: readonly TopicEntry[],
  observed: readonly ObservedTopic[],
  options: PlanOptions,
): PlanStep[] {
  const byName = new Map(observed.map((topic) => [topic.name, topic]));
  return catalogue.flatMap((entry) => {
    const topic = byName.get(entry.name);
    if (topic === undefined) return [creation(entry, options)];
    const steps = [...refusals(entry, topic, options), ...alteration(entry, topic)];
    return steps.length > 0
      ? steps
      : [{ topic: entry.name, action: 'none' as const, detail: 'as in the catalogue' }];
  });
}

/** The steps that change a topic; empty if only refusals are left. */
export function changesOf(plan: readonly PlanStep[]): PlanStep[] {
  return plan.filter(({ action }) => action === 'create' || action === 'alterConfig');
}

export function refusedOf(plan: readonly PlanStep[]): PlanStep[] {
  return plan.filter(({ action }) => action === 'refused');
}

function creation(entry: TopicEntry, { replicationFactor }: PlanOptions): PlanStep {
  const { name: topic, partitions } = entry;
  const configs = configsOf(entry, replicationFactor);
  const detail = `${partitions} partitions, replication factor ${replicationFactor}, ${pairs(configs)}`;
  return { topic, action: 'create', detail, partitions, replicationFactor, configs };
}

function refusals(entry: TopicEntry, topic: ObservedTopic, options: PlanOptions): PlanStep[] {
  const details: string[] = [];
  if (topic.partitions !== entry.partitions) {
    details.push(
      `it has ${topic.partitions} partitions, the catalogue says ${entry.partitions}: keys would move; more partitions need a new topic version`,
    );
  }
  if (topic.replicationFactor < options.replicationFactor) {
    details.push(
      `its replication factor is ${topic.replicationFactor}, ${options.replicationFactor} is required: reassign its partitions with the tools of Kafka`,
    );
  }
  for (const [key, value] of Object.entries(configsOf(entry, topic.replicationFactor))) {
    const current = topic.configs[key];
    if (current !== undefined && !mayChange(key, current, value)) {
      details.push(
        `${key} is ${current}, the catalogue says ${value}: the change could lose records, so set it by hand`,
      );
    }
  }
  return details.map((detail) => ({ topic: entry.name, action: 'refused', detail }));
}

function alteration(entry: TopicEntry, topic: ObservedTopic): PlanStep[] {
  const changes = Object.entries(configsOf(entry, topic.replicationFactor)).filter(([key, value]) => {
    const current = topic.configs[key];
    return current !== value && (current === undefined || mayChange(key, current, value));
  });
  if (changes.length === 0) return [];
  const detail = changes
    .map(([key, value]) => `${key} ${topic.configs[key] ?? 'unset'} -> ${value}`)
    .join(', ');
  return [{ topic: entry.name, action: 'alterConfig', detail, configs: Object.fromEntries(changes) }];
}

/** The configs that the catalogue sets. Operators own all other configs. */
export function configsOf(entry: TopicEntry, replicationFactor: number): Record<string, string> {
  return {
    'cleanup.policy': entry.cleanup,
    ...(entry.retentionMs === null ? {} : { 'retention.ms': String(entry.retentionMs) }),
    // Writers can continue while one replica is down, unless there is only one replica.
    'min.insync.replicas': String(Math.min(entry.minInsyncReplicas, Math.max(1, replicationFactor - 1))),
    'max.message.bytes': String(entry.maxMessageBytes),
    'unclean.leader.election.enable': 'false',
    // The broker decompresses records of foreign producers, because kafkajs cannot read past a record with an unknown
    // compression codec.
    'compression.type': 'uncompressed',
    // Republished outcomes have the same bytes and timestamps as the first copies.
    'message.timestamp.type': 'CreateTime',
    // With the default limit of one hour, Kafka refuses the records of a writer whose clock was too far ahead.
    'message.timestamp.after.max.ms': String(entry.clockAheadMaxMs),
  };
}

function mayChange(key: string, current: string, wanted: string): boolean {
  if (current === wanted) return true;
  switch (key) {
    case 'cleanup.policy':
      return false;
    case 'retention.ms':
      return current !== '-1' && Number(wanted) > Number(current);
    case 'max.message.bytes':
    case 'min.insync.replicas':
      return Number(wanted) > Number(current);
    default:
      return true;
  }
}

function pairs(configs: Record<string, string>): string {
  return Object.entries(configs)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}

import type { TopicEntry } from './catalogue.ts';

/** A topic as the cluster has it, named without the prefix. */
export interface ObservedTopic {
  name: string;
  partitions: number;
  replicationFactor: number;
  /** Values in force, as Kafka writes them. */
  configs: Readonly<Record<string, string>>;
}

/** One step towards the catalogue. A topic may need a change and be refused another. */
export type PlanStep = { topic: string; detail: string } & (
  | { action: 'none' | 'refused' }
  | { action: 'create'; partitions: number; replicationFactor: number; configs: Record<string, string> }
  | { action: 'alterConfig'; configs: Record<string, string> }
);

export interface PlanOptions {
  /** Replicas of topics that are created; existing topics keep what they have, and are refused below this. */
  replicationFactor: number;
}

/**
 * What has to be done so that the cluster holds the catalogue. Pure.
 *
 * Nothing here can lose a record or move a key: partitions are never changed, cleanup policies neither, and retention,
 * message size and in-sync replicas are only raised. What the catalogue wants beyond that is `refused`, for a person
 * to decide. Topics that the catalogue does not name are left alone.
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
      : [{ topic: entry.name, action: 'none' as const, detail: 'as the catalogue says' }];
  });
}

/** Steps that change something; empty when the cluster is as the catalogue says, but for what is refused. */
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
      `it has ${topic.partitions} partitions, the catalogue says ${entry.partitions}: keys would move; growth is a new topic version`,
    );
  }
  if (topic.replicationFactor < options.replicationFactor) {
    details.push(
      `its replication factor is ${topic.replicationFactor}, ${options.replicationFactor} is wanted: reassign its partitions with Kafka's tools`,
    );
  }
  for (const [key, value] of Object.entries(configsOf(entry, topic.replicationFactor))) {
    const current = topic.configs[key];
    if (current !== undefined && !mayChange(key, current, value)) {
      details.push(
        `${key} is ${current}, the catalogue says ${value}: that could lose records, set it by hand`,
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

/** The configs that the catalogue decides; all others belong to the operators. */
function configsOf(entry: TopicEntry, replicationFactor: number): Record<string, string> {
  return {
    'cleanup.policy': entry.cleanup,
    ...(entry.retentionMs === null ? {} : { 'retention.ms': String(entry.retentionMs) }),
    // One replica may be away and writing goes on; with a single replica there is nothing to spare.
    'min.insync.replicas': String(Math.min(entry.minInsyncReplicas, Math.max(1, replicationFactor - 1))),
    'max.message.bytes': String(entry.maxMessageBytes),
    'unclean.leader.election.enable': 'false',
    // The broker unpacks what a foreign producer compressed, because kafkajs stops for good at a codec it lacks.
    'compression.type': 'uncompressed',
    // Republished outcomes are byte-equal to the first copies, timestamps too.
    'message.timestamp.type': 'CreateTime',
    // Kafka's own bound of one hour refuses records for good whose writer's clock was ahead for a minute.
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

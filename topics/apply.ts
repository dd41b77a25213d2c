import { appError } from '../services/shared/errors/index.ts';
import type { KafkaAdmin } from '../services/shared/kafka/index.ts';
import { topicCatalogue } from './catalogue.ts';
import { changesOf, type PlanStep, planTopics, refusedOf } from './plan.ts';

/** Compares a cluster with the whole catalogue. Only reads. */
export async function planCluster(
  admin: Pick<KafkaAdmin, 'describeTopics'>,
  options: { replicationFactor: number },
): Promise<PlanStep[]> {
  const observed = await admin.describeTopics(topicCatalogue.map(({ name }) => name));
  return planTopics(topicCatalogue, observed, options);
}

/**
 * Carries out a plan. Where any of its steps is refused, nothing is done: half a catalogue helps nobody.
 *
 * @returns the steps that were carried out
 * @throws AppError TOPICS_REFUSED, KAFKA_UNAVAILABLE
 */
export async function applyTopics(
  admin: Pick<KafkaAdmin, 'createTopics' | 'alterTopicConfigs'>,
  plan: readonly PlanStep[],
): Promise<PlanStep[]> {
  const refused = refusedOf(plan);
  if (refused.length > 0) {
    throw appError('TOPICS_REFUSED', { problems: refused.map(({ topic, detail }) => `${topic}: ${detail}`) });
  }
  const creations = plan.filter((step) => step.action === 'create');
  if (creations.length > 0) {
    await admin.createTopics(
      creations.map(({ topic: name, partitions, replicationFactor, configs }) => ({
        name,
        partitions,
        replicationFactor,
        configs,
      })),
    );
  }
  for (const step of plan) {
    if (step.action === 'alterConfig') await admin.alterTopicConfigs(step.topic, step.configs);
  }
  return changesOf(plan);
}

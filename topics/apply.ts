import { appError } from '../services/shared/errors/index.ts';
import type { KafkaAdmin } from '../services/shared/kafka/index.ts';
import { topicCatalogue } from './catalogue.ts';
import { changesOf, type PlanStep, planTopics, refusedOf } from './plan.ts';

/** Compares a cluster with the whole catalogue. Changes nothing. */
export async function planCluster(
  admin: Pick<KafkaAdmin, 'describeTopics'>,
  options: { replicationFactor: number },
): Promise<PlanStep[]> {
  const observed = await admin.describeTopics(topicCatalogue.map(({ name }) => name));
  return planTopics(topicCatalogue, observed, options);
}

/**
 * Applies a plan. A person must decide about a refused step. The other steps still run, because they only create
 * topics or raise values. A topic with its own retention must not block the creation of a new topic.
 *
 * @param onDone is called with each applied step
 * @returns the applied steps
 * @throws AppError TOPICS_REFUSED after all other steps are applied, KAFKA_UNAVAILABLE
 */
export async function applyTopics(
  admin: Pick<KafkaAdmin, 'createTopics' | 'alterTopicConfigs'>,
  plan: readonly PlanStep[],
  onDone: (step: PlanStep) => void = () => undefined,
): Promise<PlanStep[]> {
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
    creations.forEach(onDone);
  }
  for (const step of plan) {
    if (step.action !== 'alterConfig') continue;
    await admin.alterTopicConfigs(step.topic, step.configs);
    onDone(step);
  }
  const refused = refusedOf(plan);
  if (refused.length > 0) {
    throw appError('TOPICS_REFUSED', { problems: refused.map(({ topic, detail }) => `${topic}: ${detail}`) });
  }
  return changesOf(plan);
}

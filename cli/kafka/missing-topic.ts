/** Adds the name of a missing topic to the error of a command. The brokers only report that a topic is missing. */
import { createLogProbe, type KafkaSettings } from '../../services/shared/kafka/index.ts';
import { CliError } from '../errors.ts';

/**
 * Runs `work`, which reads these topics.
 * @throws CliError with the names of missing topics if there are any, otherwise the original error
 */
export async function namingMissing<T>(
  settings: KafkaSettings,
  topics: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const missing = await missingOf(settings, topics).catch(() => []);
    if (missing.length === 0) throw error;
    const what = missing.length === 1 ? `the topic ${missing[0]} is` : `the topics ${missing.join(', ')} are`;
    throw new CliError(`${what} missing; \`orderstream topics apply\` creates missing topics`, {
      cause: error,
    });
  }
}

async function missingOf(settings: KafkaSettings, topics: readonly string[]): Promise<string[]> {
  const probe = createLogProbe(settings);
  try {
    const { topicIds } = await probe.identify(topics);
    return topics.filter((topic) => (topicIds.get(topic) ?? '') === '');
  } finally {
    probe.close();
  }
}

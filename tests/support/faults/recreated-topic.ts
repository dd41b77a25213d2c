/** A topic that is deleted and recreated with the same name, by an operator or by accident. */
import { fetchTopicIds, type KafkaAdmin } from '../../../services/shared/kafka/index.ts';
import { applyTopics, planCluster } from '../../../topics/index.ts';
import { testSettings } from '../records/kafka.ts';
import { kafkaClient, testStack, until } from '../servers/stack.ts';

/** Resolves when the new topic has another id than the old one. */
export async function makeAnew(prefix: string, topic: string, admin: KafkaAdmin): Promise<void> {
  const settings = testSettings(prefix);
  const before = (await fetchTopicIds(settings, [topic])).get(topic);
  const plain = kafkaClient(testStack().kafkaBrokers).admin();
  await plain.connect();
  try {
    await plain.deleteTopics({ topics: [prefix + topic] });
  } finally {
    await plain.disconnect();
  }
  // A busy broker may be late to see that the topic is deleted, or exists again.
  await until(
    async () => {
      await applyTopics(admin, await planCluster(admin, { replicationFactor: 1 }));
      return (await fetchTopicIds(settings, [topic])).get(topic) !== before;
    },
    { what: `${topic} being recreated`, deadlineMs: 60_000, everyMs: 200 },
  );
}

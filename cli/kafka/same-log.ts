/**
 * Checks that a topic is still the topic whose offsets were queried. A topic that is recreated during a read starts
 * from 0 again. A read must never mix records of two logs.
 */
import type Cluster from 'kafkajs/src/cluster/index.js';
import { fetchTopicMetadata } from '../../services/shared/kafka/index.ts';
import { CliError } from '../errors.ts';
import { askAgain } from './ask-again.ts';

export interface SameLog {
  /**
   * Stores the id of the topic at the first call, and compares it at each later call.
   *
   * @throws CliError if the topic was recreated or deleted
   */
  check(wireTopic: string): Promise<void>;
}

type OpenCluster = Pick<
  InstanceType<typeof Cluster>,
  'findBroker' | 'findTopicPartitionMetadata' | 'refreshMetadata'
>;

/** Queries the brokers of `cluster`, whose metadata must include the topic. */
export function createSameLog(cluster: OpenCluster): SameLog {
  const known = new Map<string, string>();
  return {
    async check(wireTopic) {
      const { topicId } = await askAgain(cluster, async () => {
        const leader = cluster.findTopicPartitionMetadata(wireTopic).find((each) => each.leader >= 0)?.leader;
        if (leader === undefined) {
          throw Object.assign(new CliError(`no partition of ${wireTopic} has a leader`), { retriable: true });
        }
        return fetchTopicMetadata(await cluster.findBroker({ nodeId: String(leader) }), wireTopic);
      });
      const before = known.get(wireTopic) ?? topicId;
      if (topicId === null) throw new CliError(`${wireTopic} was deleted during the read`);
      known.set(wireTopic, topicId);
      if (before !== topicId) {
        throw new CliError(`${wireTopic} was recreated during the read; run the command again`);
      }
    },
  };
}

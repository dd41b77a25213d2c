/** (k) The logs themselves: whether they are still the ones that are followed. */
import { PARTITIONS } from '../../../topics/index.ts';
import type { KafkaAdmin } from '../../shared/kafka/index.ts';
import type { Lasting } from '../findings/lasting.ts';
import type { Follower } from '../following/follower.ts';
import { followedTopics } from '../following/start-offsets.ts';
import type { Check } from './check.ts';

export interface LogsDeps {
  admin: Pick<KafkaAdmin, 'endOffsets'>;
  /** Ids of the followed topics, as they are now and as they were when following began. */
  fetchTopicIds(topics: readonly string[]): Promise<ReadonlyMap<string, string>>;
  topicIds: ReadonlyMap<string, string>;
  follower: Pick<Follower, 'position'>;
  /** What was found when following began. */
  lasting: Lasting;
  /** Begins following anew: what is found about the logs then is stored by the next run of this check. */
  renew(reason: RenewReason, detail: string): void;
}

export type RenewReason = 'topicReplaced' | 'outsideOfLog';

export function logsCheck(deps: LogsDeps): Check {
  const { admin, topicIds, follower, lasting, renew } = deps;
  return {
    name: 'logs',
    kinds: ['TOPIC_REPLACED', 'LOG_GAP'],
    async run(_open, tally) {
      const whenKept = lasting.addTo(tally);
      const ids = await deps.fetchTopicIds(followedTopics);
      const replaced = followedTopics.find((topic) => ids.get(topic) !== topicIds.get(topic));
      const cut = replaced === undefined ? await findCut(admin, follower) : null;
      return {
        whenKept() {
          whenKept();
          if (replaced !== undefined) renew('topicReplaced', `${replaced} has another id`);
          else if (cut !== null) renew('outsideOfLog', cut);
        },
      };
    },
  };
}

/** A partition that ends before what was followed. */
async function findCut(admin: LogsDeps['admin'], follower: LogsDeps['follower']): Promise<string | null> {
  for (const topic of followedTopics) {
    // Positions first: they can only grow, and the ends with them.
    const positions = Array.from({ length: PARTITIONS }, (_, partition) =>
      follower.position(topic, partition),
    );
    for (const [partition, { high }] of await admin.endOffsets(topic)) {
      const position = positions[partition] ?? 0n;
      if (position > high) return `${topic}/${partition} ends at ${high}, ${position} were followed`;
    }
  }
  return null;
}

/** (k) Checks whether the logs are still the ones that the service follows. */
import { PARTITIONS } from '../../../topics/index.ts';
import type { KafkaAdmin } from '../../shared/kafka/index.ts';
import type { Lasting } from '../findings/lasting.ts';
import type { Follower } from '../following/follower.ts';
import { followedTopics } from '../following/start-offsets.ts';
import type { Check } from './check.ts';

export interface LogsDeps {
  admin: Pick<KafkaAdmin, 'endOffsets'>;
  /** The current ids of the followed topics. */
  fetchTopicIds(topics: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Ids of the followed topics when following began. */
  topicIds: ReadonlyMap<string, string>;
  follower: Pick<Follower, 'position'>;
  /** Differences that were found when following began. */
  lasting: Lasting;
  /** Restarts following. The next run of this check stores the differences that the restart finds. */
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

/** Describes a partition that ends before the followed position. Null if there is none. */
async function findCut(admin: LogsDeps['admin'], follower: LogsDeps['follower']): Promise<string | null> {
  for (const topic of followedTopics) {
    // Read the positions first, because positions and ends only grow.
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

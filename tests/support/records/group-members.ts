/** What a test does to the members of a consumer group from outside. */

import type { KafkaSettings } from '../../../services/shared/kafka/index.ts';
import { createCluster, forceCloseCluster } from '../../../services/shared/kafka/kafkajs/cluster.ts';
import type { KafkaBroker } from '../../../services/shared/kafka/kafkajs/library-types.ts';
import { quietLog } from './kafka.ts';

interface GroupCoordinator extends KafkaBroker {
  describeGroups(request: {
    groupIds: string[];
  }): Promise<{ groups: { state: string; members: { memberId: string }[] }[] }>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
}

/**
 * Removes the members of a stable group, as the broker does with a member that was silent for too long. The
 * members learn it from their next request.
 *
 * @returns the number of removed members; 0 if the group is empty or is rebalancing
 */
export async function removeMembers(settings: KafkaSettings, groupId: string): Promise<number> {
  const cluster = createCluster(settings, { log: quietLog });
  try {
    await cluster.connect();
    const coordinator = (await cluster.findGroupCoordinator({ groupId })) as GroupCoordinator;
    const { groups } = await coordinator.describeGroups({ groupIds: [groupId] });
    const [group] = groups;
    if (group === undefined || group.state !== 'Stable') return 0;
    for (const { memberId } of group.members) await coordinator.leaveGroup({ groupId, memberId });
    return group.members.length;
  } finally {
    forceCloseCluster(cluster);
  }
}

/** `k8s/components/strimzi-topics/`: topics and users as objects of Strimzi, for clusters that it runs. */
import { stringify } from 'yaml';
import { type AclRule, type Principal, rulesOf } from '../acls.ts';
import type { TopicEntry } from '../catalogue.ts';
import { configsOf } from '../plan.ts';

const apiVersion = 'kafka.strimzi.io/v1';
const replicas = 3;
const note =
  '# Written by `npm run gen` from topics/catalogue.ts and topics/acls.ts. Change these sources, not this file.\n';
/** Strimzi looks for both kinds in the namespace of the cluster. They must exist before the setup job. */
const place = {
  namespace: 'kafka',
  labels: { 'strimzi.io/cluster': 'kafka' },
  annotations: { 'argocd.argoproj.io/sync-wave': '-2' },
};
const resourceTypes = { topic: 'topic', group: 'group', 'transactional-id': 'transactionalId' } as const;

/** One KafkaTopic for each topic, with the configs that `orderstream topics apply` would set. */
export function strimziTopics(catalogue: readonly TopicEntry[]): string {
  return documents(
    catalogue.map((entry) => ({
      apiVersion,
      kind: 'KafkaTopic',
      metadata: { name: entry.name, ...place },
      spec: { partitions: entry.partitions, replicas, config: configsOf(entry, replicas) },
    })),
  );
}

/** One KafkaUser for each principal, with exactly its rights. Strimzi makes its password. */
export function strimziUsers(principals: readonly Principal[]): string {
  return documents(
    principals.map((principal) => ({
      apiVersion,
      kind: 'KafkaUser',
      metadata: { name: principal.name, ...place },
      spec: {
        authentication: { type: 'scram-sha-512' },
        authorization: { type: 'simple', acls: rulesOf(principal).map(aclOf) },
      },
    })),
  );
}

function aclOf({ resource, name, pattern, operations }: AclRule): object {
  return {
    resource: {
      type: resourceTypes[resource],
      name,
      patternType: pattern === 'prefixed' ? 'prefix' : 'literal',
    },
    operations: operations.map(inStrimzi),
  };
}

/** `ALTER_CONFIGS` of Kafka is `AlterConfigs` of Strimzi. */
function inStrimzi(operation: string): string {
  return operation
    .split('_')
    .map((word) => `${word[0]}${word.slice(1).toLowerCase()}`)
    .join('');
}

function documents(objects: readonly object[]): string {
  return (
    note +
    objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n')
  );
}

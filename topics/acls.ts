/**
 * The Kafka rights of each service: one principal per service, with the rights that it needs.
 * docs/topics/acls.md and its commands are generated from this table; a test compares it with the code.
 */
import { COMMANDS, DEAD_LETTERS, EVENTS, FINDINGS, GROUPS, STATE, type TopicName } from './catalogue.ts';

export type PrincipalName =
  | 'ingestion'
  | 'worker'
  | 'notification'
  | 'reconciliation'
  | 'projector'
  | 'operator'
  | 'setup';

export interface Principal {
  name: PrincipalName;
  /** READ and DESCRIBE. */
  reads: readonly TopicName[];
  /** WRITE and DESCRIBE. */
  writes: readonly TopicName[];
  /** DESCRIBE alone: ends of the log, ids of topics. */
  describes: readonly TopicName[];
  /** READ: joins the group and commits in it. */
  joins: readonly string[];
  /** DESCRIBE: reads the offsets of a group without joining it. */
  watches: readonly string[];
  /** Prefix of its transactional ids (WRITE and DESCRIBE), or null. */
  transactionalIds: string | null;
  /** Operations on all topics and groups of the installation, beyond those above. */
  onAll: readonly ('CREATE' | 'ALTER' | 'ALTER_CONFIGS' | 'DESCRIBE' | 'DESCRIBE_CONFIGS' | 'READ')[];
}

const nothing = {
  reads: [],
  writes: [],
  describes: [],
  joins: [],
  watches: [],
  transactionalIds: null,
  onAll: [],
};

export const principals: readonly Principal[] = [
  { ...nothing, name: 'ingestion', reads: [EVENTS], writes: [COMMANDS] },
  {
    ...nothing,
    name: 'worker',
    reads: [COMMANDS, EVENTS],
    writes: [EVENTS, DEAD_LETTERS],
    joins: [GROUPS.worker],
  },
  { ...nothing, name: 'notification', reads: [EVENTS], joins: [GROUPS.notification] },
  {
    ...nothing,
    name: 'reconciliation',
    reads: [COMMANDS, EVENTS, DEAD_LETTERS, STATE],
    writes: [FINDINGS],
    joins: [GROUPS.reconciliation],
    watches: [GROUPS.worker],
  },
  {
    ...nothing,
    name: 'projector',
    reads: [EVENTS, STATE],
    writes: [STATE],
    // The topic's id, because a marker of another command log is invalid.
    describes: [COMMANDS],
    joins: [GROUPS.projector],
    transactionalIds: GROUPS.projector,
  },
  {
    ...nothing,
    name: 'operator',
    // Redrives write to the command topic; `recover` writes outcomes again; `replay` moves offsets of a
    // group.
    writes: [COMMANDS, EVENTS],
    onAll: ['READ', 'DESCRIBE', 'DESCRIBE_CONFIGS'],
  },
  {
    ...nothing,
    name: 'setup',
    // `orderstream topics apply`.
    onAll: ['CREATE', 'ALTER', 'ALTER_CONFIGS', 'DESCRIBE', 'DESCRIBE_CONFIGS'],
  },
];

/** One rule, in the form of `kafka-acls.sh --add`. `name` is without the prefix of the installation. */
export interface AclRule {
  principal: PrincipalName;
  resource: 'topic' | 'group' | 'transactional-id';
  name: string;
  pattern: 'literal' | 'prefixed';
  operations: readonly string[];
}

/**
 * The rules of a principal. Rules for all resources use prefixed patterns, with the prefix of the
 * installation.
 */
export function rulesOf(principal: Principal): AclRule[] {
  const { name, transactionalIds, onAll } = principal;
  const topic = (operation: string) => (topicName: string) =>
    rule('topic', topicName, [operation, 'DESCRIBE']);
  const rule = (
    resource: AclRule['resource'],
    resourceName: string,
    operations: readonly string[],
    pattern: AclRule['pattern'] = 'literal',
  ): AclRule => ({ principal: name, resource, name: resourceName, pattern, operations });
  const onGroups = onAll.filter((operation) => operation === 'READ' || operation === 'DESCRIBE');
  return [
    ...principal.reads.map(topic('READ')),
    ...principal.writes.map(topic('WRITE')),
    ...principal.describes.map((each) => rule('topic', each, ['DESCRIBE'])),
    ...principal.joins.map((group) => rule('group', group, ['READ', 'DESCRIBE'])),
    ...principal.watches.map((group) => rule('group', group, ['DESCRIBE'])),
    ...(transactionalIds === null
      ? []
      : [rule('transactional-id', transactionalIds, ['WRITE', 'DESCRIBE'], 'prefixed')]),
    ...(onAll.length === 0 ? [] : [rule('topic', 'orders.', onAll, 'prefixed')]),
    ...(onGroups.length === 0 ? [] : [rule('group', 'orders-', onGroups, 'prefixed')]),
  ];
}

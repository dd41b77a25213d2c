/**
 * The Kafka rights of each service: one principal per service, with the rights that it needs. `npm run gen` writes
 * docs/topics/acls.md from this table. A test compares the table with the code.
 */
import { COMMANDS, DEAD_LETTERS, EVENTS, FINDINGS, GROUPS, STATE, type TopicName } from './catalogue.ts';

export type PrincipalName =
  | 'ingestion'
  | 'worker'
  | 'notification'
  | 'reconciliation'
  | 'projector'
  | 'payments'
  | 'scheduler'
  | 'observer'
  | 'operator'
  | 'setup';

export interface Principal {
  name: PrincipalName;
  /** Topics with the operations READ and DESCRIBE. */
  reads: readonly TopicName[];
  /** Topics with the operations WRITE and DESCRIBE. */
  writes: readonly TopicName[];
  /** Topics with DESCRIBE only, for the ends of the log and the topic id. */
  describes: readonly TopicName[];
  /** Groups with READ and DESCRIBE: the principal joins the group and commits in it. */
  joins: readonly string[];
  /** Groups with DESCRIBE only: the principal reads the offsets without joining. */
  watches: readonly string[];
  /** Prefix of the transactional ids of the principal (WRITE and DESCRIBE), or null. */
  transactionalIds: string | null;
  /** Further operations on all topics and groups of the installation. */
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
    // The projector reads the id of the command topic, because a marker of another command log is invalid.
    describes: [COMMANDS],
    joins: [GROUPS.projector],
    transactionalIds: GROUPS.projector,
  },
  { ...nothing, name: 'payments', writes: [COMMANDS] },
  { ...nothing, name: 'scheduler', writes: [COMMANDS] },
  {
    ...nothing,
    name: 'observer',
    // It reads single records, of which it uses only the timestamp.
    reads: [COMMANDS, EVENTS, DEAD_LETTERS],
    watches: [GROUPS.worker, GROUPS.notification, GROUPS.reconciliation, GROUPS.projector],
  },
  {
    ...nothing,
    name: 'operator',
    // `dlq redrive` writes to the command topic. `recover` writes outcomes again. `replay` moves the offsets of a
    // group.
    writes: [COMMANDS, EVENTS],
    onAll: ['READ', 'DESCRIBE', 'DESCRIBE_CONFIGS'],
  },
  {
    ...nothing,
    name: 'setup',
    // `orderstream topics apply` uses this principal.
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

/** Reads kafkajs's errors by `type` and `name` along the chain of causes, never by message. */

const causeDepthMax = 8;

const notOwnerTypes: ReadonlySet<string> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
]);

const staleLeaderTypes: ReadonlySet<string> = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
]);

const coordinatorTypes: ReadonlySet<string> = new Set([
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_LOAD_IN_PROGRESS',
]);

const connectionNames: ReadonlySet<string> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSLockTimeout',
]);

interface KafkaError {
  name?: string;
  type?: string;
  /** Of an AppError. */
  code?: string;
  retriable?: boolean;
  topic?: string;
  partition?: number;
  host?: string;
  port?: number;
  cause?: unknown;
}

/**
 * Whether the group no longer accepts this member as the owner. It must rejoin, and another member may own its
 * partitions.
 */
export function saysNotOwner(error: unknown): boolean {
  return chain(error).some(({ type }) => type !== undefined && notOwnerTypes.has(type));
}

export function saysLeaderMoved(error: unknown): boolean {
  return chain(error).some(
    ({ type, name }) =>
      (type !== undefined && staleLeaderTypes.has(type)) || name === 'KafkaJSTopicMetadataNotLoaded',
  );
}

/** Whether the group's coordinator does not exist yet (in a new cluster), has moved, or is loading. */
export function saysNoCoordinatorYet(error: unknown): boolean {
  return chain(error).some(
    ({ type, name }) =>
      (type !== undefined && coordinatorTypes.has(type)) || name === 'KafkaJSGroupCoordinatorNotFound',
  );
}

/** Whether there is no connection, or no token for its login. */
export function isConnectionTrouble(error: unknown): boolean {
  return chain(error).some(
    ({ name, code }) =>
      (name !== undefined && connectionNames.has(name)) || code === 'KAFKA_TOKEN_UNAVAILABLE',
  );
}

/** The partition whose fetch was outside the log; null for any other error. */
export function outOfRangeOf(error: unknown): { topic: string; partition: number } | null {
  const found = chain(error).find(({ name }) => name === 'KafkaJSOffsetOutOfRange');
  return found === undefined ? null : { topic: found.topic ?? '', partition: found.partition ?? -1 };
}

/** The broker whose connection ended, for kafkajs's `removeBroker`. */
export function closedBrokerOf(error: unknown): { host: string; port: number } | null {
  const found = chain(error).find(({ name }) => name === 'KafkaJSConnectionClosedError');
  return found?.host === undefined || found.port === undefined
    ? null
    : { host: found.host, port: found.port };
}

export function hasName(error: unknown, name: string): boolean {
  return chain(error).some((link) => link.name === name);
}

/** Whether a new client may help: kafkajs itself would restart, or the error is a network error. */
export function mayPassAfterRestart(error: unknown): boolean {
  const links = chain(error);
  if (links.some(({ name }) => name === 'KafkaJSNotImplemented' || name === 'KafkaJSSASLAuthenticationError'))
    return false;
  if (isConnectionTrouble(error) || links.some(({ name }) => name === 'KafkaJSNumberOfRetriesExceeded'))
    return true;
  if (
    links.some(
      ({ name }) => name === 'KafkaJSGroupCoordinatorNotFound' || name === 'KafkaJSNoBrokerAvailableError',
    )
  ) {
    return true;
  }
  return links.at(-1)?.retriable === true;
}

/** An error that kafkajs's runner treats as a rebalance. Only the runner may rejoin. */
export function asRebalance(cause: unknown): Error {
  return Object.assign(new Error('the group has to be joined again', { cause }), {
    type: 'REBALANCE_IN_PROGRESS',
  });
}

function chain(error: unknown): KafkaError[] {
  const links: KafkaError[] = [];
  let link = error;
  while (typeof link === 'object' && link !== null && links.length < causeDepthMax) {
    links.push(link as KafkaError);
    link = (link as KafkaError).cause;
  }
  return links;
}

/**
 * The meaning of a partition's error code for the records of the request
 * (https://kafka.apache.org/protocol.html#protocol_error_codes).
 */
export type ProduceVerdict =
  /** The records are in the log of every in-sync replica. */
  | 'written'
  /** The records are certainly not in the log. They may succeed later. */
  | 'refusedForNow'
  /**
   * The records may be in the log. For example, a leader that loses its role after the append returns
   * NOT_LEADER.
   */
  | 'unknown'
  /** The records are certainly not in the log, because of their content. */
  | 'recordsRefused'
  /**
   * The records are certainly not in the log. No records of this topic succeed until an operator changes the
   * cluster.
   */
  | 'topicRefused';

const refusedForNow: ReadonlySet<number> = new Set([
  2, // CORRUPT_MESSAGE: damaged in transit
  5, // LEADER_NOT_AVAILABLE
  19, // NOT_ENOUGH_REPLICAS, found before the append
  89, // THROTTLING_QUOTA_EXCEEDED
]);

const recordsRefused: ReadonlySet<number> = new Set([
  10, // MESSAGE_TOO_LARGE
  18, // RECORD_LIST_TOO_LARGE
  32, // INVALID_TIMESTAMP
  87, // INVALID_RECORD
]);

const topicRefused: ReadonlySet<number> = new Set([
  17, // INVALID_TOPIC_EXCEPTION
  29, // TOPIC_AUTHORIZATION_FAILED
  31, // CLUSTER_AUTHORIZATION_FAILED
  43, // UNSUPPORTED_FOR_MESSAGE_FORMAT
  44, // POLICY_VIOLATION
]);

/** Codes that require a new lookup of the leaders. */
const staleLeader: ReadonlySet<number> = new Set([
  3, // UNKNOWN_TOPIC_OR_PARTITION
  5, // LEADER_NOT_AVAILABLE
  6, // NOT_LEADER_OR_FOLLOWER
  56, // KAFKA_STORAGE_ERROR
  74, // FENCED_LEADER_EPOCH
  75, // UNKNOWN_LEADER_EPOCH
]);

const names: Readonly<Record<number, string>> = {
  [-1]: 'UNKNOWN_SERVER_ERROR',
  2: 'CORRUPT_MESSAGE',
  3: 'UNKNOWN_TOPIC_OR_PARTITION',
  5: 'LEADER_NOT_AVAILABLE',
  6: 'NOT_LEADER_OR_FOLLOWER',
  7: 'REQUEST_TIMED_OUT',
  10: 'MESSAGE_TOO_LARGE',
  17: 'INVALID_TOPIC_EXCEPTION',
  18: 'RECORD_LIST_TOO_LARGE',
  19: 'NOT_ENOUGH_REPLICAS',
  20: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  29: 'TOPIC_AUTHORIZATION_FAILED',
  31: 'CLUSTER_AUTHORIZATION_FAILED',
  32: 'INVALID_TIMESTAMP',
  43: 'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  44: 'POLICY_VIOLATION',
  56: 'KAFKA_STORAGE_ERROR',
  87: 'INVALID_RECORD',
  89: 'THROTTLING_QUOTA_EXCEEDED',
};

/** An unknown code is `unknown`, because this verdict loses no records. */
export function produceVerdict(errorCode: number): ProduceVerdict {
  if (errorCode === 0) return 'written';
  if (recordsRefused.has(errorCode)) return 'recordsRefused';
  if (refusedForNow.has(errorCode)) return 'refusedForNow';
  if (topicRefused.has(errorCode)) return 'topicRefused';
  return 'unknown';
}

export function saysLeaderIsStale(errorCode: number): boolean {
  return staleLeader.has(errorCode);
}

/** For log lines and labels of metrics. */
export function produceErrorName(errorCode: number): string {
  return names[errorCode] ?? `ERROR_${errorCode}`;
}

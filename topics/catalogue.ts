import {
  COMMANDS_SUBJECT,
  type Compatibility,
  EVENTS_SUBJECT,
  newestSchema,
  STATE_SUBJECT,
} from '../schemas/index.ts';
import { PARTITIONS } from './partition.ts';

export const COMMANDS = 'orders.commands.v1';
export const EVENTS = 'orders.events.v1';
export const DEAD_LETTERS = 'orders.commands.v1.dlq';
export const STATE = 'orders.state.v1';
export const FINDINGS = 'orders.findings.v1';

/** Consumer groups of the services of this product. */
export const GROUPS = {
  worker: 'orders-worker',
  notification: 'orders-notification',
  reconciliation: 'orders-reconciliation',
  projector: 'orders-projector',
} as const;

export type TopicName =
  | typeof COMMANDS
  | typeof EVENTS
  | typeof DEAD_LETTERS
  | typeof STATE
  | typeof FINDINGS;

/** The contract of one topic with its readers. `orderstream topics plan|apply` adapts a cluster to this contract. */
export interface TopicEntry {
  /** The name without the prefix of an installation. */
  name: TopicName;
  owner: string;
  meaning: string;
  /** The meaning of the message key. */
  key: string;
  /** The rule from key to partition, and the order of records in a partition. */
  ordering: string;
  delivery: string;
  /** The value by which a reader recognises and drops repeats. */
  dedupeId: string;
  /** The rule by which a reader proves that no record is missing. */
  completeness: string;
  headers: readonly TopicHeader[];
  /** Members of a value that is JSON and has no schema. */
  jsonMembers?: readonly TopicHeader[];
  cleanup: 'delete' | 'compact';
  /** Null if compaction keeps the latest record of each key without a time limit. */
  retentionMs: number | null;
  partitions: number;
  schemaSubject: string | null;
  compatibility: Compatibility | null;
  /** Public topics are contracts with other teams. Private topics may change with a deployment. */
  visibility: 'public' | 'private';
  /** `personal` topics contain names and addresses, so access needs a reason. */
  classification: 'personal' | 'pseudonymous' | 'internal';
  writers: string[];
  consumers: string[];
  /** The value for three replicas or more. Fewer replicas lower this value (see plan.ts). */
  minInsyncReplicas: number;
  maxMessageBytes: number;
  /**
   * Maximum time by which the timestamp of a record may be ahead of the clock of the broker. The retention of such a
   * record ends later by this time.
   */
  clockAheadMaxMs: number;
}

interface TopicHeader {
  name: string;
  meaning: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** The default of Kafka. It exceeds the limit of the codec of 1 MiB per value. */
const MESSAGE_BYTES_MAX = 1_048_588;
/** A dead letter is its source record plus headers. So each source record must fit together with these headers. */
const DEAD_LETTER_BYTES_MAX = 2 * MESSAGE_BYTES_MAX;

/** Clocks usually differ by much less. Every retention time is much longer. */
const CLOCK_AHEAD_MS_MAX = DAY_MS;

const ORDER_RULE = `The partition of an order is the first 4 bytes of its id (UUID), big-endian, modulo ${PARTITIONS}.`;
const SKU_RULE = `For a SKU it is the first 4 bytes of SHA-256 of its UTF-8 form, big-endian, modulo ${PARTITIONS}.`;

/** The headers of CloudEvents 1.0 in the binary mode of the Kafka binding. */
const EVENT_HEADERS: readonly TopicHeader[] = [
  { name: 'ce_specversion', meaning: '1.0' },
  { name: 'ce_id', meaning: 'eventId' },
  { name: 'ce_source', meaning: `/orderstream/${COMMANDS}` },
  { name: 'ce_type', meaning: 'type, e.g. order.accepted' },
  { name: 'ce_time', meaning: 'occurredAt as RFC 3339' },
  { name: 'content-type', meaning: 'application/avro' },
  { name: 'traceparent', meaning: 'W3C Trace Context of the command; only if its trace is recorded' },
];

const DEAD_LETTER_HEADERS: readonly TopicHeader[] = [
  { name: 'dlq_topic', meaning: 'topic of the source record' },
  { name: 'dlq_partition', meaning: 'partition of the source record' },
  { name: 'dlq_offset', meaning: 'offset of the source record' },
  { name: 'dlq_timestamp', meaning: 'timestamp of the source record, epoch ms' },
  { name: 'dlq_schema_id', meaning: 'schema id in the source value; empty if it has none' },
  { name: 'dlq_reason', meaning: 'error code, see docs/errors.md' },
  { name: 'dlq_message', meaning: 'the reason as a text' },
  { name: 'dlq_attempts', meaning: 'number of attempts at the record' },
  { name: 'dlq_first_failed_at', meaning: 'first failure, epoch ms' },
  {
    name: 'dlq_headers_omitted',
    meaning: 'number of omitted headers of the source record; only if it has more than 1,000',
  },
];

const STATE_HEADERS: readonly TopicHeader[] = [
  { name: 'os-record', meaning: 'state, or position for the position marker of the partition' },
  { name: 'os-source-offset', meaning: 'sourceOffset, decimal' },
  { name: 'content-type', meaning: 'application/avro' },
  {
    name: 'os-topic-ids',
    meaning:
      "Position marker only: Kafka's ids of the command topic, the outcome topic and this topic, separated by spaces. The offsets belong to these topics.",
  },
];

const FINDING_MEMBERS: readonly TopicHeader[] = [
  { name: 'id', meaning: '`<kind>/<subject>`; opening and closing a finding use the same id' },
  { name: 'status', meaning: '`OPEN` or `CLOSED`' },
  { name: 'kind', meaning: 'the kind of difference; docs/findings.md lists all kinds' },
  {
    name: 'subject',
    meaning:
      'order id, SKU, partition, `<partition>-<offset>`, or `<event id>/<endpoint id>`, depending on the kind',
  },
  { name: 'expected', meaning: 'the expected value as a short text; JSON if it has parts' },
  { name: 'actual', meaning: 'the actual value, in the same form' },
  { name: 'remedy', meaning: 'the action that repairs the difference' },
  { name: 'at', meaning: 'time at which the finding opened or closed, RFC 3339' },
];

/** Every topic of the product. */
export const topicCatalogue: readonly TopicEntry[] = [
  {
    name: COMMANDS,
    owner: 'ingestion',
    meaning: 'Every command that changes an order or a stock level, in processing order.',
    key: 'order id; SKU for ADJUST_STOCK',
    ordering: `All commands of one order share a partition and are processed in offset order. ${ORDER_RULE} ${SKU_RULE}`,
    delivery: 'At least once, acknowledged by all in-sync replicas. A repeat has the same commandId.',
    dedupeId: 'commandId',
    completeness:
      'Offsets of a partition have no gaps, because no transactional producer writes to this topic.',
    headers: [
      { name: 'os-crc32', meaning: 'CRC-32 of the value, eight lower-case hex digits; optional' },
      {
        name: 'redrive_of',
        meaning: 'partition and offset of the dead letter that this record copies, joined by a dash',
      },
      { name: 'dlq_attempts', meaning: 'only in a redriven record: number of earlier attempts' },
      {
        name: 'dlq_first_failed_at',
        meaning: 'only in a redriven record: time of the first failure, epoch ms',
      },
    ],
    cleanup: 'delete',
    retentionMs: 7 * DAY_MS,
    partitions: PARTITIONS,
    ...schemaOf(COMMANDS_SUBJECT),
    visibility: 'private',
    classification: 'personal',
    writers: [
      'ingestion',
      'payments',
      'scheduler',
      'orderstream refunds retry',
      'orderstream refunds settle',
      'orderstream dlq redrive',
      'orderstream recover adopt',
    ],
    consumers: [GROUPS.worker, GROUPS.reconciliation],
    minInsyncReplicas: 2,
    maxMessageBytes: MESSAGE_BYTES_MAX,
    clockAheadMaxMs: CLOCK_AHEAD_MS_MAX,
  },
  {
    name: EVENTS,
    owner: 'worker',
    meaning: 'Exactly one outcome for every command.',
    key: 'order id; SKU for stock adjustments; the key of the command if it could not be decoded',
    ordering:
      'Same partition number as the command. Within a partition the first copies are in command order. Later copies of older outcomes may follow.',
    delivery: 'At least once. A repeat has the same bytes and the same timestamp.',
    dedupeId:
      'eventId. Or keep the highest sourceOffset of each partition, and drop outcomes up to this offset',
    completeness:
      'The prevSourceOffset of each new outcome equals the sourceOffset of the previous outcome in the partition (-1 for the first).',
    headers: EVENT_HEADERS,
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
    partitions: PARTITIONS,
    ...schemaOf(EVENTS_SUBJECT),
    visibility: 'public',
    classification: 'pseudonymous',
    writers: ['worker', 'orderstream recover republish'],
    consumers: [GROUPS.notification, GROUPS.reconciliation, GROUPS.projector, 'any team'],
    minInsyncReplicas: 2,
    maxMessageBytes: MESSAGE_BYTES_MAX,
    clockAheadMaxMs: CLOCK_AHEAD_MS_MAX,
  },
  {
    name: DEAD_LETTERS,
    owner: 'worker',
    meaning: 'The raw bytes of commands that could not be processed. Headers have the origin and the reason.',
    key: 'the key of the source record',
    ordering: 'A dead letter has the same partition number as its source record.',
    delivery: 'At least once.',
    dedupeId: 'headers dlq_topic, dlq_partition, dlq_offset',
    completeness: `Each dead letter has a DEAD_LETTERED outcome on ${EVENTS} with the same source offset.`,
    headers: DEAD_LETTER_HEADERS,
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
    partitions: PARTITIONS,
    schemaSubject: null,
    compatibility: null,
    visibility: 'private',
    classification: 'personal',
    writers: ['worker'],
    consumers: ['operators'],
    minInsyncReplicas: 2,
    maxMessageBytes: DEAD_LETTER_BYTES_MAX,
    clockAheadMaxMs: CLOCK_AHEAD_MS_MAX,
  },
  {
    name: STATE,
    owner: 'projector',
    meaning:
      'The latest state of each order, with the source offset of its last change. Readers that start late use this topic.',
    key: 'order id; position/<partition> for the position marker of a partition',
    ordering: `Same partition number as the outcomes. ${ORDER_RULE} The last record of a key is the valid one. A batch of states and the marker after them are one transaction.`,
    delivery:
      'Exactly once for readers of committed records. Other readers may also get the records of an aborted transaction. Compaction removes older records of a key.',
    dedupeId: 'order id with version',
    completeness: `The last position marker of the partition covers every outcome of ${EVENTS} with a source offset in (coversFrom, sourceOffset]. Their states are before the marker. See "Starting from the snapshot" on the page of all topics.`,
    headers: STATE_HEADERS,
    cleanup: 'compact',
    retentionMs: null,
    partitions: PARTITIONS,
    ...schemaOf(STATE_SUBJECT),
    visibility: 'public',
    classification: 'pseudonymous',
    writers: ['projector'],
    consumers: [GROUPS.reconciliation, 'any team'],
    minInsyncReplicas: 2,
    maxMessageBytes: MESSAGE_BYTES_MAX,
    clockAheadMaxMs: CLOCK_AHEAD_MS_MAX,
  },
  {
    name: FINDINGS,
    owner: 'reconciliation',
    meaning:
      'The differences that reconciliation found between commands, outcomes and tables. A second record follows when a difference closes.',
    key: 'order id; SKU for findings about stock',
    ordering: `All findings of one order are in one partition. ${ORDER_RULE} ${SKU_RULE}`,
    delivery: 'At least once.',
    dedupeId: 'finding id',
    completeness: 'Not guaranteed. The table reconciliation_findings is the complete list.',
    headers: [{ name: 'content-type', meaning: 'application/json' }],
    jsonMembers: FINDING_MEMBERS,
    cleanup: 'delete',
    retentionMs: 30 * DAY_MS,
    partitions: PARTITIONS,
    schemaSubject: null,
    compatibility: null,
    visibility: 'private',
    classification: 'internal',
    writers: ['reconciliation'],
    consumers: ['operators'],
    minInsyncReplicas: 2,
    maxMessageBytes: MESSAGE_BYTES_MAX,
    clockAheadMaxMs: CLOCK_AHEAD_MS_MAX,
  },
];

function schemaOf(subject: string): Pick<TopicEntry, 'schemaSubject' | 'compatibility'> {
  return { schemaSubject: subject, compatibility: newestSchema(subject).compatibility };
}

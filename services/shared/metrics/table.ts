export type MetricSpec = {
  type: 'counter' | 'gauge' | 'histogram';
  /** One sentence; docs/metrics.md shows it as it is. */
  help: string;
  /** Label names. Never an id of an order, customer, key or event: each value makes a series that lives for ever. */
  labels: readonly string[];
  /** Upper bounds of a histogram, in the metric's unit. */
  buckets?: readonly number[];
};

/** Seconds, for waits of a request or a batch. */
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

/** Every name below is exported with this in front. */
export const metricPrefix = 'orderstream_';

/** All metrics of all services: the unit is last in the name, counters end in `_total`. docs/metrics.md mirrors this table. */
export const metricTable = {
  // process
  lifecycle_state: {
    type: 'gauge',
    help: '1 for the state that the process is in, 0 for the others.',
    labels: ['state'],
  },

  // shared/mysql
  mysql_query_timeouts_total: {
    type: 'counter',
    help: 'Statements that had no answer in time; each cost its connection.',
    labels: [],
  },
  mysql_errors_total: { type: 'counter', help: 'Failed statements by kind of error.', labels: ['kind'] },
  mysql_connects_total: {
    type: 'counter',
    help: 'Attempts to open a database connection.',
    labels: ['result'],
  },
  mysql_pool_waiting: { type: 'gauge', help: 'Callers that wait for a pooled connection.', labels: [] },
  mysql_pool_wait_seconds: {
    type: 'histogram',
    help: 'How long callers waited for a pooled connection.',
    labels: [],
    buckets: secondsBuckets,
  },

  // shared/kafka
  kafka_produced_records_total: {
    type: 'counter',
    help: 'Records that all in-sync replicas acknowledged.',
    labels: ['topic'],
  },
  kafka_produce_request_seconds: {
    type: 'histogram',
    help: 'Time from sending a produce request to its answer or failure.',
    labels: ['result'],
    buckets: secondsBuckets,
  },
  kafka_produce_request_records: {
    type: 'histogram',
    help: 'Records in one produce request.',
    labels: [],
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
  },
  kafka_produce_resends_total: {
    type: 'counter',
    help: 'Times that the records of a partition had to be sent again, by reason.',
    labels: ['topic', 'reason'],
  },
  kafka_produce_refused_total: {
    type: 'counter',
    help: 'Records that the broker refused for their content or size.',
    labels: ['topic', 'reason'],
  },
  kafka_produce_given_up_total: {
    type: 'counter',
    help: 'Sends whose deadline passed without an acknowledgement.',
    labels: ['topic'],
  },
  kafka_consumer_joins_total: {
    type: 'counter',
    help: 'Times that the consumer joined its group: one per rebalance.',
    labels: ['group'],
  },
  kafka_consumer_partitions: {
    type: 'gauge',
    help: 'Partitions assigned to this process.',
    labels: ['group'],
  },
  kafka_consumer_restarts_total: {
    type: 'counter',
    help: 'Times that the client was built anew, by reason.',
    labels: ['group', 'reason'],
  },
  kafka_consumer_commits_total: {
    type: 'counter',
    help: 'Offset commits: committed, notOwner, or failed.',
    labels: ['group', 'result'],
  },
  kafka_consumer_fetch_seconds: {
    type: 'histogram',
    help: 'Time from a fetch request to its answer, the wait for records included.',
    labels: ['group'],
    buckets: secondsBuckets,
  },
  kafka_consumer_dropped_batches_total: {
    type: 'counter',
    help: 'Fetched batches that were dropped because the partition had been lost or sought meanwhile; they are read again where needed.',
    labels: ['group'],
  },
  kafka_consumer_bad_offsets_total: {
    type: 'counter',
    help: 'Alarms: committed offsets that are no offsets, and positions outside of the log.',
    labels: ['group', 'kind'],
  },

  // shared/redis
  redis_calls_total: {
    type: 'counter',
    help: 'Calls to Redis: ok, failed, timeout, or skipped while the circuit is open.',
    labels: ['result'],
  },

  // shared/auth
  auth_tokens_total: {
    type: 'counter',
    help: 'Verified tokens: from the cache, verified anew, or refused.',
    labels: ['result'],
  },
  auth_jwks_loads_total: { type: 'counter', help: 'Times that the key set was read.', labels: ['result'] },

  // worker
  worker_lanes: { type: 'gauge', help: 'Lanes of this process by state.', labels: ['state'] },
  worker_lane_records: { type: 'gauge', help: 'Commands fetched and not decided yet.', labels: [] },
  worker_unpublished_batches: {
    type: 'gauge',
    help: 'Batches that are committed and whose outcomes are not acknowledged yet.',
    labels: [],
  },
  worker_claims_total: {
    type: 'counter',
    help: 'Lanes claimed; unclean ones were left by an owner that died.',
    labels: ['unclean'],
  },
  worker_lanes_refused_total: {
    type: 'counter',
    help: 'Lanes not worked because position and log do not fit; an operator has to look.',
    labels: ['why'],
  },
  worker_fences_lost_total: {
    type: 'counter',
    help: 'Batches refused by the fence: the lane had another owner or another position.',
    labels: [],
  },
  worker_batch_seconds: {
    type: 'histogram',
    help: 'From the first look at a batch to its COMMIT.',
    labels: [],
    buckets: secondsBuckets,
  },
  worker_batch_records: {
    type: 'histogram',
    help: 'Commands in a committed batch.',
    labels: [],
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
  },
  worker_batch_retries_total: {
    type: 'counter',
    help: 'Tries of a batch that did not stand, by what was done about it.',
    labels: ['cause'],
  },
  worker_outcomes_total: { type: 'counter', help: 'Commands decided, by outcome.', labels: ['outcome'] },
  worker_messages_published_total: {
    type: 'counter',
    help: 'Events and dead letters acknowledged by Kafka.',
    labels: [],
  },
  worker_offset_commits_total: {
    type: 'counter',
    help: 'Commits of the group offset: committed, notOwner, or failed.',
    labels: ['result'],
  },

  // ingestion
  http_requests_total: {
    type: 'counter',
    help: 'Answered requests by route and status.',
    labels: ['route', 'status'],
  },
  http_request_seconds: {
    type: 'histogram',
    help: 'From the headers of a request to the end of its answer, asked-for waits included.',
    labels: ['route'],
    buckets: [...secondsBuckets, 10, 30],
  },
  ingestion_refusals_total: {
    type: 'counter',
    help: 'Requests refused before their body was parsed: event_loop, produce_queue or lag.',
    labels: ['reason'],
  },
  ingestion_lag_seconds: {
    type: 'gauge',
    help: 'How long an order taken in now would wait for its outcome.',
    labels: [],
  },
  ingestion_waiting_clients: {
    type: 'gauge',
    help: 'Clients that wait for an outcome or stream an order.',
    labels: [],
  },
  ingestion_unreadable_outcomes_total: {
    type: 'counter',
    help: 'Outcomes that a client waited for and that could not be decoded.',
    labels: [],
  },

  // notification
  notification_events_total: {
    type: 'counter',
    help: 'Events read: stored, repeat (dropped by source offset), undecodable, or gap (an outcome before this one never came).',
    labels: ['result'],
  },
  notification_batch_seconds: {
    type: 'histogram',
    help: 'From taking a batch of events to its COMMIT.',
    labels: [],
    buckets: secondsBuckets,
  },
  notification_rows_total: { type: 'counter', help: 'Delivery rows written.', labels: ['channel'] },
  notification_attempts_total: {
    type: 'counter',
    help: 'Tries to deliver, by what came of them.',
    labels: ['channel', 'result'],
  },
  notification_attempt_seconds: {
    type: 'histogram',
    help: 'How long the receiver took to answer.',
    labels: ['channel'],
    buckets: [...secondsBuckets, 10, 15],
  },
  notification_delay_seconds: {
    type: 'histogram',
    help: 'From storing a delivery to its acceptance, first tries only.',
    labels: ['channel'],
    buckets: [...secondsBuckets, 10, 30],
  },
  notification_receivers_due: {
    type: 'gauge',
    help: 'Receivers with at least one delivery whose time has come.',
    labels: [],
  },
  notification_oldest_due_seconds: {
    type: 'gauge',
    help: 'How long the oldest due delivery has been waiting.',
    labels: [],
  },
  notification_in_flight: { type: 'gauge', help: 'Deliveries in the hands of this sender.', labels: [] },
  notification_breakers_open: {
    type: 'gauge',
    help: 'Hosts that are left alone because their breaker is open.',
    labels: [],
  },
  notification_endpoints: { type: 'gauge', help: 'Webhook endpoints that are enabled.', labels: [] },
  notification_endpoints_disabled_total: {
    type: 'counter',
    help: 'Endpoints disabled by us: gone (410) or exhausted (all tries failed).',
    labels: ['reason'],
  },

  // reconciliation
  reconciliation_records_total: {
    type: 'counter',
    help: 'Commands, outcomes and dead letters followed.',
    labels: ['stream'],
  },
  reconciliation_findings_open: { type: 'gauge', help: 'Differences that stand now.', labels: ['kind'] },
  reconciliation_findings_total: {
    type: 'counter',
    help: 'Differences opened or reopened.',
    labels: ['kind'],
  },
  reconciliation_suspects: {
    type: 'gauge',
    help: 'Differences that may only be in flight and wait for positions to pass.',
    labels: [],
  },
  reconciliation_unanswered: {
    type: 'gauge',
    help: 'Commands followed whose outcome has not come yet.',
    labels: [],
  },
  reconciliation_check_seconds: {
    type: 'histogram',
    help: 'How long one round of a check took.',
    labels: ['check'],
    buckets: [...secondsBuckets, 10, 30, 60],
  },
  reconciliation_checks_total: { type: 'counter', help: 'Rounds of a check.', labels: ['check', 'result'] },
} as const satisfies Record<string, MetricSpec>;

type Table = typeof metricTable;
export type MetricName = keyof Table;
type NameOf<Type extends MetricSpec['type']> = {
  [K in MetricName]: Table[K]['type'] extends Type ? K : never;
}[MetricName];
export type CounterName = NameOf<'counter'>;
export type GaugeName = NameOf<'gauge'>;
export type HistogramName = NameOf<'histogram'>;
/** The labels a metric wants, each with its value. */
export type LabelsOf<K extends MetricName> = { [L in Table[K]['labels'][number]]: string | number };

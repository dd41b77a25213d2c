import { type MetricSpec, open, secondsBuckets } from '../spec.ts';

/** Metrics of the process and of the shared folders, the same in every service. */
export const sharedMetrics = {
  // process
  lifecycle_state: {
    type: 'gauge',
    help: '1 for the current state of the process, 0 for the others.',
    labels: { state: open },
  },

  build_info: { type: 'gauge', help: 'Always 1; the label names the version.', labels: { version: open } },

  // shared/config
  config_reload_ok: {
    type: 'gauge',
    help: '1 if the files of the configuration were valid when they were last read; 0 while the last good one is used instead.',
    labels: {},
  },
  config_restart_needed: {
    type: 'gauge',
    help: 'Settings whose new value is not used before a restart.',
    labels: {},
  },
  config_hash: {
    type: 'gauge',
    help: 'A number made from the live settings that are no secrets. Processes of one service with the same settings show the same number.',
    labels: {},
  },

  // shared/clock
  clock_ahead_seconds: {
    type: 'gauge',
    help: 'How far the wall clock of the machine is ahead of the clock of the database. Negative if it is behind.',
    labels: {},
  },

  // shared/mysql
  mysql_query_timeouts_total: {
    type: 'counter',
    help: 'Statements without an answer in time; each one closed its connection.',
    labels: {},
  },
  mysql_errors_total: {
    type: 'counter',
    help: 'Failed statements by kind of error.',
    labels: {
      kind: [
        'duplicateKey',
        'deadlock',
        'lockTimeout',
        'connectionLost',
        'readOnly',
        'tooManyConnections',
        'unavailable',
        'timeout',
        'checkFailed',
        'data',
        'schema',
        'unknown',
      ],
    },
  },
  mysql_connects_total: {
    type: 'counter',
    help: 'Attempts to open a database connection.',
    labels: { result: ['ok', 'failed'] },
  },
  mysql_pool_waiting: { type: 'gauge', help: 'Callers that wait for a pooled connection.', labels: {} },
  mysql_pool_wait_seconds: {
    type: 'histogram',
    help: 'How long callers waited for a pooled connection.',
    labels: {},
    buckets: secondsBuckets,
  },

  // shared/kafka
  kafka_produced_records_total: {
    type: 'counter',
    help: 'Records that all in-sync replicas acknowledged.',
    labels: { topic: open },
  },
  kafka_produce_request_seconds: {
    type: 'histogram',
    help: 'Time from sending a produce request to its response or failure.',
    labels: { result: ['answered', 'failed'] },
    buckets: secondsBuckets,
  },
  kafka_produce_request_records: {
    type: 'histogram',
    help: 'Records in one produce request.',
    labels: {},
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
  },
  kafka_produce_resends_total: {
    type: 'counter',
    help: 'Times that the records of a partition were sent again, by reason.',
    labels: { topic: open, reason: open },
  },
  kafka_produce_refused_total: {
    type: 'counter',
    help: 'Records that the broker refused for their content or size.',
    labels: { topic: open, reason: open },
  },
  kafka_produce_given_up_total: {
    type: 'counter',
    help: 'Sends whose deadline passed without an acknowledgement.',
    labels: { topic: open },
  },
  kafka_consumer_joins_total: {
    type: 'counter',
    help: 'How often the consumer joined its group: once per rebalance.',
    labels: { group: open },
  },
  kafka_consumer_partitions: {
    type: 'gauge',
    help: 'Partitions assigned to this process.',
    labels: { group: open },
  },
  log_lines_dropped_total: {
    type: 'counter',
    help: 'Log lines dropped because the reader was too slow and the buffer was full.',
    labels: {},
  },
  kafka_consumer_restarts_total: {
    type: 'counter',
    help: 'Times that the client was recreated, by reason.',
    labels: { group: open, reason: ['crash', 'silence', 'notJoined'] },
  },
  kafka_consumer_commits_total: {
    type: 'counter',
    help: 'Offset commits: committed, notOwner, or failed.',
    labels: { group: open, result: ['committed', 'notOwner', 'failed'] },
  },
  kafka_consumer_fetch_seconds: {
    type: 'histogram',
    help: 'Time from a fetch request to its response, including the wait for records.',
    labels: { group: open },
    buckets: secondsBuckets,
  },
  kafka_consumer_dropped_batches_total: {
    type: 'counter',
    help: 'Fetched batches dropped because the partition was lost or repositioned meanwhile; they are read again if needed.',
    labels: { group: open },
  },
  kafka_consumer_bad_offsets_total: {
    type: 'counter',
    help: 'Alarms: committed offsets that are not valid, and positions outside the log.',
    labels: { group: open, kind: ['negative', 'outOfRange'] },
  },

  // shared/redis
  redis_calls_total: {
    type: 'counter',
    help: 'Calls to Redis: ok, failed, timeout, or skipped while the circuit is open.',
    labels: { result: ['ok', 'failed', 'timeout', 'skipped'] },
  },

  // shared/auth
  auth_tokens_total: {
    type: 'counter',
    help: 'Verified tokens: from the cache, newly verified, or refused.',
    labels: { result: ['cached', 'verified', 'refused'] },
  },
  auth_jwks_loads_total: {
    type: 'counter',
    help: 'Loads of the key set.',
    labels: { result: ['ok', 'failed'] },
  },
} as const satisfies Record<string, MetricSpec>;

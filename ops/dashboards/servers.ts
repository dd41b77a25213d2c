import type { Dashboard } from './builder.ts';
import { largest, perSecond, quantile, total } from './queries.ts';

/** What the processes see of the database, Kafka and Redis. */
export const servers: Dashboard = {
  uid: 'servers',
  title: 'orderstream: servers',
  rows: {
    Database: [
      {
        title: 'Failed statements',
        help: 'By kind of error. Some deadlocks are normal.',
        unit: 'ops',
        queries: { [perSecond('mysql_errors_total', ['service', 'kind'])]: '{{service}} {{kind}}' },
      },
      {
        title: 'Connections',
        help: 'Attempts to open one. Failed attempts fire DependencyDown.',
        unit: 'ops',
        queries: { [perSecond('mysql_connects_total', ['service', 'result'])]: '{{service}} {{result}}' },
      },
      {
        title: 'Wait for a pooled connection',
        help: 'p99. MySQLPoolWaits fires above 250 ms.',
        unit: 's',
        limit: 0.25,
        queries: { [quantile(0.99, 'mysql_pool_wait_seconds', ['service'])]: '{{service}}' },
      },
    ],
    Kafka: [
      {
        title: 'Produced records',
        help: 'By topic.',
        unit: 'ops',
        queries: { [perSecond('kafka_produced_records_total', ['topic'])]: '{{topic}}' },
      },
      {
        title: 'Time of produce requests',
        help: 'p99.',
        unit: 's',
        queries: { [quantile(0.99, 'kafka_produce_request_seconds', ['service'])]: '{{service}}' },
      },
      {
        title: 'Resent records',
        help: 'By reason.',
        unit: 'ops',
        queries: { [perSecond('kafka_produce_resends_total', ['topic', 'reason'])]: '{{topic}} {{reason}}' },
      },
      {
        title: 'Partitions by group',
        help: 'The sum of a group is constant, except during a rebalance.',
        unit: 'short',
        queries: { [total('kafka_consumer_partitions', ['group'])]: '{{group}}' },
      },
      {
        title: 'Restarted consumers',
        help: 'By reason.',
        unit: 'ops',
        queries: {
          [perSecond('kafka_consumer_restarts_total', ['group', 'reason'])]: '{{group}} {{reason}}',
        },
      },
      {
        title: 'Offset commits that failed',
        help: 'A failed commit loses nothing: the lag looks too high until the next one.',
        unit: 'ops',
        queries: {
          [perSecond('kafka_consumer_commits_total', ['group', 'result'], 'result!="committed"')]:
            '{{group}} {{result}}',
        },
      },
    ],
    'Redis and machines': [
      {
        title: 'Redis calls',
        help: 'Skipped calls mean that Redis fails.',
        unit: 'ops',
        queries: { [perSecond('redis_calls_total', ['service', 'result'])]: '{{service}} {{result}}' },
      },
      {
        title: 'Clocks',
        help: 'How far each clock differs from the clock of the database.',
        unit: 's',
        limit: 5,
        queries: { 'abs(orderstream_clock_ahead_seconds)': '{{instance}}' },
      },
      {
        title: 'Dropped log lines',
        help: 'The reader of the log is too slow.',
        unit: 'ops',
        queries: { [perSecond('log_lines_dropped_total', ['service'])]: '{{service}}' },
      },
      {
        title: 'Paused scheduler partitions',
        help: 'Their lanes are behind.',
        unit: 'short',
        queries: { [largest('scheduler_partitions_paused')]: 'partitions' },
      },
    ],
  },
};

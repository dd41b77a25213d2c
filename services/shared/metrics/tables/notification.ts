import { type MetricSpec, open, secondsBuckets } from '../spec.ts';

/** Metrics of notification alone. */
export const notificationMetrics = {
  notification_events_total: {
    type: 'counter',
    help: 'Events read. Results are stored, repeat (dropped by source offset) and undecodable. A gap is an earlier outcome that never arrived; foreign means that the position belongs to another log.',
    labels: { result: ['stored', 'repeat', 'undecodable', 'gap', 'foreign'] },
  },
  notification_batch_seconds: {
    type: 'histogram',
    help: 'Time from taking a batch of events to its COMMIT.',
    labels: {},
    buckets: secondsBuckets,
  },
  notification_rows_total: {
    type: 'counter',
    help: 'Delivery rows written.',
    labels: { channel: ['email', 'webhook'] },
  },
  notification_mails_over_budget_total: {
    type: 'counter',
    help: 'Mails that are sent later (delayed) or never (withheld), because their address or customer received too many.',
    labels: { result: ['delayed', 'withheld'] },
  },
  notification_waiting_seconds: {
    type: 'gauge',
    help: 'How long intake, sender, the directory of endpoints or the restart of a log makes no progress. After 30 s readiness fails.',
    labels: { part: open },
  },
  notification_log_restarts_total: {
    type: 'counter',
    help: 'Partitions of the outcome topic that are read again from their beginning. The log was truncated or is shorter (outOfRange), or the topic was recreated (newTopic). Or outcomes are missing after a loaded position (gap).',
    labels: { reason: ['outOfRange', 'newTopic', 'gap'] },
  },
  notification_rows_deleted_total: {
    type: 'counter',
    help: 'Delivery rows deleted because they were older than DELIVERIES_KEEP.',
    labels: {},
  },
  notification_oldest_row_seconds: {
    type: 'gauge',
    help: 'Age of the oldest delivery row that remained after the last deletion pass.',
    labels: {},
  },
  notification_attempts_total: {
    type: 'counter',
    help: 'Delivery attempts by result.',
    labels: {
      channel: ['email', 'webhook'],
      result: ['delivered', 'failed', 'gone', 'refused', 'dropped', 'postponed'],
    },
  },
  notification_attempt_seconds: {
    type: 'histogram',
    help: 'Response time of the receiver.',
    labels: { channel: ['email', 'webhook'] },
    buckets: [...secondsBuckets, 10, 15],
  },
  notification_delay_seconds: {
    type: 'histogram',
    help: 'Time from storing a delivery to its acceptance, first attempts only.',
    labels: { channel: ['email', 'webhook'] },
    buckets: [...secondsBuckets, 10, 30],
  },
  notification_receivers_due: {
    type: 'gauge',
    help: 'Receivers with at least one due delivery.',
    labels: {},
  },
  notification_oldest_due_seconds: {
    type: 'gauge',
    help: 'How long the oldest due delivery has been waiting.',
    labels: {},
  },
  notification_in_flight: { type: 'gauge', help: 'Deliveries in flight in this sender.', labels: {} },
  notification_breakers_open: {
    type: 'gauge',
    help: 'Hosts that get no posts of a customer because their circuit breaker is open.',
    labels: {},
  },
  notification_endpoints: { type: 'gauge', help: 'Enabled webhook endpoints.', labels: {} },
  notification_secrets_unreadable_total: {
    type: 'counter',
    help: 'Deliveries postponed because the secret of their endpoint cannot be decrypted.',
    labels: {},
  },
  notification_endpoints_disabled_total: {
    type: 'counter',
    help: 'Endpoints disabled by the service: gone (410) or exhausted (all attempts failed).',
    labels: { reason: ['gone', 'exhausted'] },
  },
} as const satisfies Record<string, MetricSpec>;

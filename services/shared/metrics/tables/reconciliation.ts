import { type MetricSpec, secondsBuckets } from '../spec.ts';

/** Metrics of reconciliation alone. */
export const reconciliationMetrics = {
  reconciliation_records_total: {
    type: 'counter',
    help: 'Commands, outcomes, dead letters and states followed.',
    labels: ['stream'],
  },
  reconciliation_findings_open: { type: 'gauge', help: 'Differences that stand now.', labels: ['kind'] },
  reconciliation_findings_total: {
    type: 'counter',
    help: 'Differences opened or reopened.',
    labels: ['kind'],
  },
  reconciliation_findings_unlisted: {
    type: 'gauge',
    help: 'Differences of the last round that the table of findings has no room for.',
    labels: ['kind'],
  },
  reconciliation_published_total: {
    type: 'counter',
    help: 'Changes of findings sent to their topic, and those that could not be sent.',
    labels: ['result'],
  },
  reconciliation_unwatched_total: {
    type: 'counter',
    help: 'Orders whose row looked wrong when no more of them could be remembered.',
    labels: [],
  },
  reconciliation_dead_letters_not_compared: {
    type: 'gauge',
    help: 'Records of the dead-letter topic beyond those that fit in memory.',
    labels: [],
  },
  reconciliation_renewals_total: {
    type: 'counter',
    help: 'Times that following began anew, because a topic was recreated or a position was outside of its log.',
    labels: ['reason'],
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

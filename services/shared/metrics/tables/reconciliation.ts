import { type MetricSpec, open, secondsBuckets } from '../spec.ts';

/** Metrics of reconciliation alone. */
export const reconciliationMetrics = {
  reconciliation_records_total: {
    type: 'counter',
    help: 'Commands, outcomes, dead letters and states read.',
    labels: { stream: ['commands', 'outcomes', 'deadLetters', 'states'] },
  },
  reconciliation_findings_open: { type: 'gauge', help: 'Open differences.', labels: { kind: open } },
  reconciliation_findings_total: {
    type: 'counter',
    help: 'Findings opened or reopened.',
    labels: { kind: open },
  },
  reconciliation_findings_unlisted: {
    type: 'gauge',
    help: 'Differences of the last round beyond the bound of the findings table.',
    labels: { kind: open },
  },
  reconciliation_published_total: {
    type: 'counter',
    help: 'Changes of findings that were published, and those that could not be published.',
    labels: { result: ['sent', 'failed'] },
  },
  reconciliation_unwatched_total: {
    type: 'counter',
    help: 'Suspect orders that were not watched because memory for them was full.',
    labels: {},
  },
  reconciliation_dead_letters_not_compared: {
    type: 'gauge',
    help: 'Records of the dead-letter topic that were not compared because memory for them was full.',
    labels: {},
  },
  reconciliation_renewals_total: {
    type: 'counter',
    help: 'Times that reading started again because a topic was recreated or a position was outside its log.',
    labels: { reason: open },
  },
  reconciliation_suspects: {
    type: 'gauge',
    help: 'Differences that may be temporary and wait for positions to pass.',
    labels: {},
  },
  reconciliation_unanswered: {
    type: 'gauge',
    help: 'Commands read whose outcome has not arrived yet.',
    labels: {},
  },
  reconciliation_check_seconds: {
    type: 'histogram',
    help: 'Duration of one run of a check.',
    labels: { check: open },
    buckets: [...secondsBuckets, 10, 30, 60],
  },
  reconciliation_checks_total: {
    type: 'counter',
    help: 'Runs of a check.',
    labels: { check: open, result: ['done', 'failed'] },
  },
} as const satisfies Record<string, MetricSpec>;

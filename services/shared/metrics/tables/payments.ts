import { type MetricSpec, open } from '../spec.ts';

/** Metrics of the service that pays refunds. */
export const paymentsMetrics = {
  payments_refund_calls_total: {
    type: 'counter',
    help: 'Calls of a provider, by question (refund, find) and answer. The answer no_provider means that this process does not have the provider.',
    labels: {
      provider: open,
      call: ['refund', 'find'],
      result: ['succeeded', 'pending', 'failed', 'refused', 'none', 'unknown', 'no_provider'],
    },
  },
  payments_refund_results_total: {
    type: 'counter',
    help: 'Results of refunds in the command log: succeeded, failed, or given_up (the provider has no such refund).',
    labels: { provider: open, result: ['succeeded', 'failed', 'given_up'] },
  },
  payments_refunds_open: { type: 'gauge', help: 'Refunds without a result.', labels: {} },
  payments_refund_oldest_seconds: {
    type: 'gauge',
    help: 'Age of the oldest refund without a result.',
    labels: {},
  },
  payments_listings_total: {
    type: 'counter',
    help: 'Listings of a provider: done, partial (it continues at once), or failed (it continues after PROVIDER_LIST_EVERY).',
    labels: { provider: open, result: ['done', 'partial', 'failed'] },
  },
  payments_listed_records_total: {
    type: 'counter',
    help: 'Listed captures and refunds: stored, or unusable (in a form that no payment or refund can have).',
    labels: { provider: open, result: ['stored', 'unusable'] },
  },
  payments_listed_age_seconds: {
    type: 'gauge',
    help: 'Age of the newest time up to which the list of the provider is complete.',
    labels: { provider: open },
  },
} as const satisfies Record<string, MetricSpec>;

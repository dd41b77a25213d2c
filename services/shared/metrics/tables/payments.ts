import type { MetricSpec } from '../spec.ts';

/** Metrics of the service that pays refunds. */
export const paymentsMetrics = {
  payments_refund_calls_total: {
    type: 'counter',
    help: 'Calls of a provider, by question (refund, find) and answer. The answer no_provider means that this process does not have the provider.',
    labels: ['provider', 'call', 'result'],
  },
  payments_refund_results_total: {
    type: 'counter',
    help: 'Results of refunds in the command log: succeeded, failed, or given_up (the provider has no such refund).',
    labels: ['provider', 'result'],
  },
  payments_refunds_open: { type: 'gauge', help: 'Refunds without a result.', labels: [] },
  payments_refund_oldest_seconds: {
    type: 'gauge',
    help: 'Age of the oldest refund without a result.',
    labels: [],
  },
  payments_listings_total: {
    type: 'counter',
    help: 'Listings of a provider: done, partial (it continues at once), or failed (it continues after PROVIDER_LIST_EVERY).',
    labels: ['provider', 'result'],
  },
  payments_listed_records_total: {
    type: 'counter',
    help: 'Listed captures and refunds: stored, or unusable (in a form that no payment or refund can have).',
    labels: ['provider', 'result'],
  },
  payments_listed_age_seconds: {
    type: 'gauge',
    help: 'Age of the newest time up to which the list of the provider is complete.',
    labels: ['provider'],
  },
} as const satisfies Record<string, MetricSpec>;

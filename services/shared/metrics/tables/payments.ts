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
} as const satisfies Record<string, MetricSpec>;

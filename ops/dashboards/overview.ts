import type { Dashboard } from './builder.ts';
import { largest, perSecond, quantile, total } from './queries.ts';

/** For the owners of the shop: orders, acceptance, refunds. */
export const overview: Dashboard = {
  uid: 'overview',
  title: 'orderstream: overview',
  rows: {
    Orders: [
      {
        title: 'Orders per minute',
        help: 'Orders that the workers accepted and rejected.',
        unit: 'short',
        queries: {
          [`60 * ${perSecond('worker_outcomes_total', ['outcome'], 'outcome=~"ACCEPTED|REJECTED"')}`]:
            '{{outcome}}',
        },
      },
      {
        title: 'Accepted orders',
        help: 'Accepted orders, as a share of all decided orders.',
        unit: 'percentunit',
        queries: {
          [`${perSecond('worker_outcomes_total', [], 'outcome="ACCEPTED"')} / ${perSecond('worker_outcomes_total', [], 'outcome=~"ACCEPTED|REJECTED"')}`]:
            'accepted',
        },
      },
      {
        title: 'Reasons of refusals',
        help: 'Rejected orders and refused changes by reason. docs/reasons.md explains each reason.',
        unit: 'ops',
        queries: { [perSecond('decisions_refused_total', ['reason'])]: '{{reason}}' },
      },
      {
        title: 'From order to outcome',
        help: 'Time from the command to its published outcome. The objective is 99 % within 5 s.',
        unit: 's',
        limit: 5,
        queries: {
          [quantile(0.5, 'order_outcome_seconds')]: 'median',
          [quantile(0.99, 'order_outcome_seconds')]: 'p99',
        },
      },
      {
        title: 'Age of the oldest order without an outcome',
        help: 'LagSecondsHigh fires above 30 s. Ingestion refuses orders above LAG_LIMIT_MS (60 s).',
        unit: 's',
        limit: 30,
        queries: { [largest('lane_lag_seconds')]: 'slowest partition' },
      },
      {
        title: 'Open findings',
        help: 'Differences between logs and tables. It should be empty.',
        unit: 'short',
        limit: 1,
        queries: { [`${largest('reconciliation_findings_open', ['kind'])} > 0`]: '{{kind}}' },
      },
    ],
    Money: [
      {
        title: 'Callbacks of payment providers',
        help: 'Refused callbacks have a wrong signature.',
        unit: 'ops',
        queries: {
          [perSecond('ingestion_callbacks_total', ['provider', 'result'])]: '{{provider}} {{result}}',
        },
      },
      {
        title: 'Open refunds',
        help: 'Refunds without a result.',
        unit: 'short',
        queries: { [largest('payments_refunds_open')]: 'open' },
      },
      {
        title: 'Oldest open refund',
        help: 'RefundsStuck fires above one hour.',
        unit: 's',
        limit: 3600,
        queries: { [largest('payments_refund_oldest_seconds')]: 'age' },
      },
      {
        title: 'Results of refunds',
        help: 'Failed refunds need a person.',
        unit: 'ops',
        queries: {
          [perSecond('payments_refund_results_total', ['provider', 'result'])]: '{{provider}} {{result}}',
        },
      },
      {
        title: 'Expiry and closing',
        help: 'Commands of timers. Unpaid orders expire, delivered orders close.',
        unit: 'ops',
        queries: { [perSecond('scheduler_commands_total', ['type', 'result'])]: '{{type}} {{result}}' },
      },
      {
        title: 'Late timers',
        help: 'How long the oldest due order has been due.',
        unit: 's',
        limit: 120,
        queries: { [largest('scheduler_timer_late_seconds')]: 'late' },
      },
    ],
    Processes: [
      {
        title: 'Processes by version',
        help: 'Two versions of a service only during an upgrade.',
        unit: 'short',
        queries: { [total('build_info', ['service', 'version'])]: '{{service}} {{version}}' },
      },
    ],
  },
};

import type { Dashboard } from './builder.ts';
import { largest, perSecond, quantile, total } from './queries.ts';

/** For the owners of the API: rates, errors, latency, refusals. */
export const api: Dashboard = {
  uid: 'api',
  title: 'orderstream: API',
  rows: {
    Requests: [
      {
        title: 'Requests by status',
        help: 'All routes.',
        unit: 'ops',
        queries: { [`${perSecond('http_requests_total', ['status'])} > 0`]: '{{status}}' },
      },
      {
        title: 'Requests by route',
        help: 'All statuses.',
        unit: 'ops',
        queries: { [`${perSecond('http_requests_total', ['route'])} > 0`]: '{{route}}' },
      },
      {
        title: 'Share of errors',
        help: 'Statuses of 500 and above, without requests that a flag refused. The objective is 0.05 %.',
        unit: 'percentunit',
        limit: 0.0005,
        queries: {
          [`${perSecond('http_requests_total', [], 'status=~"5..",cause!="flag"')} / ${perSecond('http_requests_total', [], 'cause!="flag"')}`]:
            'errors',
        },
      },
      {
        title: 'Time to the 202 of a new order',
        help: 'The objective is a p95 below 120 ms.',
        unit: 's',
        limit: 0.12,
        queries: {
          [quantile(0.5, 'http_request_seconds', [], 'route="placeOrder",mode="plain"')]: 'median',
          [quantile(0.95, 'http_request_seconds', [], 'route="placeOrder",mode="plain"')]: 'p95',
        },
      },
      {
        title: 'p95 by route',
        help: 'Without waits and streams.',
        unit: 's',
        queries: { [quantile(0.95, 'http_request_seconds', ['route'], 'mode="plain"')]: '{{route}}' },
      },
      {
        title: 'Waiting clients',
        help: 'Clients that wait for an outcome or stream an order.',
        unit: 'short',
        queries: { [total('ingestion_waiting_clients', ['instance'])]: '{{instance}}' },
      },
    ],
    Protection: [
      {
        title: 'Refused requests',
        help: 'Before their body was parsed. The reason share is one greedy caller.',
        unit: 'ops',
        queries: { [perSecond('ingestion_refusals_total', ['reason'])]: '{{reason}}' },
      },
      {
        title: 'Partitions that refuse orders',
        help: 'Their outcomes are too slow.',
        unit: 'short',
        limit: 1,
        queries: { [largest('ingestion_partitions_behind')]: 'partitions' },
      },
      {
        title: 'Tokens',
        help: 'Verified, cached and refused.',
        unit: 'ops',
        queries: { [perSecond('auth_tokens_total', ['result'])]: '{{result}}' },
      },
    ],
  },
};

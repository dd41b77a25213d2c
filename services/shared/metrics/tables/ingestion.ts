import { type MetricSpec, open } from '../spec.ts';

/** Metrics of ingestion alone. */
export const ingestionMetrics = {
  http_requests_total: {
    type: 'counter',
    help: 'Responses by route and status. The cause is `flag` if an operator has switched the operation off, otherwise `other`.',
    labels: { route: open, status: open, cause: open },
  },
  http_request_seconds: {
    type: 'histogram',
    help: 'From the headers of a request to the end of its response. A wait with `Prefer` and a stream have a mode of their own.',
    labels: { route: open, mode: ['plain', 'wait', 'stream'] },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.12, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  grpc_requests_total: {
    type: 'counter',
    help: 'Ended gRPC calls by method and status code.',
    labels: { method: open, code: open },
  },
  grpc_request_seconds: {
    type: 'histogram',
    help: 'From the metadata of a gRPC call to its status. A wait in the request has a mode of its own, and so has a stream.',
    labels: { method: open, mode: ['plain', 'wait', 'stream'] },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.12, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  ingestion_refusals_total: {
    type: 'counter',
    help: 'Requests refused before their body was parsed: event_loop, produce_queue, lag, share (the caller has too many concurrent requests), or flag (an operator has switched the operation off).',
    labels: { reason: ['event_loop', 'produce_queue', 'lag', 'share', 'flag'] },
  },
  ingestion_unsealed_total: {
    type: 'counter',
    help: 'Requests whose personal data was appended without encryption, because the key of the customer could not be read.',
    labels: {},
  },
  ingestion_callbacks_total: {
    type: 'counter',
    help: 'Callbacks of payment providers: accepted, refused (signature), unreadable, or not_produced.',
    labels: { provider: open, result: ['accepted', 'refused', 'unreadable', 'not_produced'] },
  },
  ingestion_lag_seconds: {
    type: 'gauge',
    help: 'How long an order accepted now would wait for its outcome, in the slowest partition.',
    labels: {},
  },
  ingestion_partitions_behind: {
    type: 'gauge',
    help: 'Partitions whose orders are refused because their outcomes are too slow.',
    labels: {},
  },
  ingestion_certificate_expires_seconds: {
    type: 'gauge',
    help: 'When the certificate of the API expires, in seconds since 1970. Absent if the API serves no TLS.',
    labels: {},
  },
  ingestion_waiting_clients: {
    type: 'gauge',
    help: 'Clients that wait for an outcome or stream an order.',
    labels: {},
  },
  ingestion_unreadable_outcomes_total: {
    type: 'counter',
    help: 'Outcomes that a client waited for but that could not be decoded.',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;

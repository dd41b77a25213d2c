import { type MetricSpec, secondsBuckets } from '../spec.ts';

/** Metrics of the projector alone. */
export const projectorMetrics = {
  projector_events_total: {
    type: 'counter',
    help: 'Outcomes read. Results: covered, repeat (dropped by source offset), undecodable, hole (earlier outcomes never arrived).',
    labels: { result: ['covered', 'repeat', 'undecodable', 'hole'] },
  },
  projector_states_total: { type: 'counter', help: 'Order states written.', labels: {} },
  projector_batch_seconds: {
    type: 'histogram',
    help: 'Time from taking a batch of outcomes to the COMMIT of its states.',
    labels: {},
    buckets: secondsBuckets,
  },
  projector_partitions_waiting: {
    type: 'gauge',
    help: 'Partitions whose snapshot does not advance; readiness says why.',
    labels: {},
  },
  projector_logs_changed_total: {
    type: 'counter',
    help: 'Partitions read again. A topic was recreated (replaced), or a log ended before the position (cut). Or the projector looked again for missing outcomes (hole).',
    labels: { reason: ['replaced', 'cut', 'hole'] },
  },
  projector_claims_total: {
    type: 'counter',
    help: 'Partitions claimed, and partitions lost to an error or to another projector.',
    labels: { result: ['taken', 'lost'] },
  },
} as const satisfies Record<string, MetricSpec>;

import { type MetricSpec, secondsBuckets } from '../spec.ts';

/** Metrics of the projector alone. */
export const projectorMetrics = {
  projector_events_total: {
    type: 'counter',
    help: 'Outcomes read: covered, repeat (dropped by source offset), undecodable, or hole (outcomes before this one never came).',
    labels: ['result'],
  },
  projector_states_total: { type: 'counter', help: 'States of orders written.', labels: [] },
  projector_batch_seconds: {
    type: 'histogram',
    help: 'From taking a batch of outcomes to the COMMIT of its states.',
    labels: [],
    buckets: secondsBuckets,
  },
  projector_partitions_waiting: {
    type: 'gauge',
    help: 'Partitions whose states do not go on; readiness says why.',
    labels: [],
  },
  projector_logs_changed_total: {
    type: 'counter',
    help: 'Partitions read anew: a topic was recreated (replaced), a log ended before the position (cut), or a hole made it look again (hole).',
    labels: ['reason'],
  },
  projector_claims_total: {
    type: 'counter',
    help: 'Partitions taken over, and lost to trouble or to another projector.',
    labels: ['result'],
  },
} as const satisfies Record<string, MetricSpec>;

import { type MetricSpec, open } from '../spec.ts';

/** Metrics of the observer. Every instance has all of them, so use the largest, never the sum. */
export const observerMetrics = {
  lane_lag_seconds: {
    type: 'gauge',
    help: 'Age of the oldest command of a partition without a published outcome; 0 if there is none. Also of lanes without an owner.',
    labels: { partition: open },
  },
  lane_backlog: {
    type: 'gauge',
    help: 'Commands of a partition without a published outcome.',
    labels: { partition: open },
  },
  lane_stalled: {
    type: 'gauge',
    help: '1 if the lane of a partition has commands and makes no progress.',
    labels: { partition: open },
  },
  group_lag: {
    type: 'gauge',
    help: 'Records of a partition that a consumer group of the product has not committed.',
    labels: { group: open, topic: open, partition: open },
  },
  group_lag_seconds: {
    type: 'gauge',
    help: 'Age of the first record of a partition that a consumer group has not committed; 0 if there is none.',
    labels: { group: open, topic: open, partition: open },
  },
  observer_backlog: {
    type: 'gauge',
    help: 'Commands of all partitions without a published outcome.',
    labels: {},
  },
  observer_lanes_with_work: {
    type: 'gauge',
    help: 'Partitions with commands that have no published outcome.',
    labels: {},
  },
  observer_lanes_stalled: {
    type: 'gauge',
    help: 'Lanes that have commands and make no progress.',
    labels: {},
  },
  observer_arrival_rate: {
    type: 'gauge',
    help: 'Commands per second that arrived in the last eight seconds.',
    labels: {},
  },
  observer_outcome_rate: {
    type: 'gauge',
    help: 'Commands per second that got a published outcome in the last eight seconds.',
    labels: {},
  },
  observer_worker_rate: {
    type: 'gauge',
    help: 'Commands per second that one worker can process, measured while there is a backlog.',
    labels: {},
  },
  observer_workers_wanted: {
    type: 'gauge',
    help: 'Number of workers that `/scale/worker` asks for.',
    labels: {},
  },
  observer_workers_needed: {
    type: 'gauge',
    help: 'Demand in workers, before rounding and limits.',
    labels: {},
  },
  observer_workers_max: {
    type: 'gauge',
    help: 'Largest number of workers that `/scale/worker` asks for (`SCALE_WORKERS_MAX`).',
    labels: {},
  },
  observer_read_timestamp_seconds: {
    type: 'gauge',
    help: 'Time of the last complete reading, as a Unix time.',
    labels: {},
  },
  observer_reads_total: {
    type: 'counter',
    help: 'Readings by source and result. Without the database, positions come from the offsets of the group.',
    labels: { source: ['kafka', 'database'], result: ['ok', 'failed'] },
  },
} as const satisfies Record<string, MetricSpec>;

import type { MetricSpec } from '../spec.ts';

/** Metrics of the scheduler. */
export const schedulerMetrics = {
  scheduler_commands_total: {
    type: 'counter',
    help: 'Commands of timers, by result: produced, failed (not in the log), unknown (no answer from the brokers).',
    labels: { type: ['EXPIRE', 'CLOSE'], result: ['produced', 'failed', 'unknown'] },
  },
  scheduler_timer_late_seconds: {
    type: 'gauge',
    help: 'How long the oldest due order of all partitions has been due; 0 if none is due.',
    labels: {},
  },
  scheduler_partitions_held: { type: 'gauge', help: 'Partitions of this scheduler.', labels: {} },
  scheduler_partitions_paused: {
    type: 'gauge',
    help: 'Partitions of this scheduler that get no commands, because too many records wait for their lanes.',
    labels: {},
  },
  scheduler_orders_adopted_total: {
    type: 'counter',
    help: 'Unpaid orders of older workers that got a timer.',
    labels: {},
  },
} as const satisfies Record<string, MetricSpec>;

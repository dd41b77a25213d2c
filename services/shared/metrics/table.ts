import type { MetricSpec } from './spec.ts';
import { ingestionMetrics } from './tables/ingestion.ts';
import { notificationMetrics } from './tables/notification.ts';
import { paymentsMetrics } from './tables/payments.ts';
import { projectorMetrics } from './tables/projector.ts';
import { reconciliationMetrics } from './tables/reconciliation.ts';
import { schedulerMetrics } from './tables/scheduler.ts';
import { sharedMetrics } from './tables/shared.ts';
import { workerMetrics } from './tables/worker.ts';

/** Prefix of every name below. */
export const metricPrefix = 'orderstream_';

/**
 * All metrics of all services. Add a new one to the table of its service. The unit is last in a name, and
 * counters end in `_total`. docs/metrics.md is generated from this table.
 */
export const metricTable = {
  ...sharedMetrics,
  ...workerMetrics,
  ...ingestionMetrics,
  ...notificationMetrics,
  ...reconciliationMetrics,
  ...projectorMetrics,
  ...paymentsMetrics,
  ...schedulerMetrics,
} as const satisfies Record<string, MetricSpec>;

type Table = typeof metricTable;
export type MetricName = keyof Table;
type NameOf<Type extends MetricSpec['type']> = {
  [K in MetricName]: Table[K]['type'] extends Type ? K : never;
}[MetricName];
export type CounterName = NameOf<'counter'>;
export type GaugeName = NameOf<'gauge'>;
export type HistogramName = NameOf<'histogram'>;
/** The labels of a metric, each with its value. */
export type LabelsOf<K extends MetricName> = { [L in Table[K]['labels'][number]]: string | number };

import { type LabelValues, type MetricSpec, open } from './spec.ts';
import { ingestionMetrics } from './tables/ingestion.ts';
import { notificationMetrics } from './tables/notification.ts';
import { observerMetrics } from './tables/observer.ts';
import { paymentsMetrics } from './tables/payments.ts';
import { projectorMetrics } from './tables/projector.ts';
import { reconciliationMetrics } from './tables/reconciliation.ts';
import { schedulerMetrics } from './tables/scheduler.ts';
import { sharedMetrics } from './tables/shared.ts';
import { workerMetrics } from './tables/worker.ts';

/** Prefix of every name below. */
export const metricPrefix = 'orderstream_';

const ownMetrics: Readonly<Record<string, Record<string, MetricSpec>>> = {
  worker: workerMetrics,
  ingestion: ingestionMetrics,
  notification: notificationMetrics,
  reconciliation: reconciliationMetrics,
  projector: projectorMetrics,
  payments: paymentsMetrics,
  scheduler: schedulerMetrics,
  observer: observerMetrics,
};

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
  ...observerMetrics,
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
export type LabelsOf<K extends MetricName> = {
  [L in keyof Table[K]['labels']]: ValueOf<Table[K]['labels'][L]>;
};
/** The labels of a metric whose values are not in the table. */
export type OpenLabelsOf<K extends MetricName> = {
  [L in keyof Table[K]['labels'] as Table[K]['labels'][L] extends typeof open ? L : never]: string | number;
};
type ValueOf<Values> = Values extends readonly (infer Value)[] ? Value : string | number;

/** The metrics of every service, and the metrics of one service alone. */
export function metricsOfService(service: string): Record<string, MetricSpec> {
  return { ...sharedMetrics, ...ownMetrics[service] };
}

/** All sets of values for these labels. The given labels have one value each. */
export function labelSets(
  labels: Readonly<Record<string, LabelValues>>,
  given: Readonly<Record<string, string | number>> = {},
): Record<string, string | number>[] {
  let sets: Record<string, string | number>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    const possible = label in given ? [given[label]!] : values === open ? [] : values;
    sets = sets.flatMap((set) => possible.map((value) => ({ ...set, [label]: value })));
  }
  return sets;
}

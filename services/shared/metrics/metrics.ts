import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricSpec } from './spec.ts';
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  labelSets,
  type MetricName,
  metricPrefix,
  metricsOfService,
  metricTable,
  type OpenLabelsOf,
} from './table.ts';

/** The arguments for labels: none for a metric without labels, otherwise exactly the labels of the table. */
type LabelArgs<K extends MetricName, Rest extends unknown[]> = keyof LabelsOf<K> extends never
  ? [labels?: Record<string, never>, ...rest: Rest]
  : [labels: LabelsOf<K>, ...rest: Rest];

export type Metrics = {
  /** Adds `n` (default 1) to a counter. */
  inc<K extends CounterName>(name: K, ...args: LabelArgs<K, [n?: number]>): void;
  /** Sets a gauge. */
  set<K extends GaugeName>(name: K, value: number, ...args: LabelArgs<K, []>): void;
  /** Adds one observation, in the metric's unit, to a histogram. */
  observe<K extends HistogramName>(name: K, value: number, ...args: LabelArgs<K, []>): void;
  /**
   * Starts series of a counter or histogram at 0: with these open labels and all values of the other labels.
   * A series that begins with its first event hides that event from `increase`.
   */
  zero<K extends CounterName | HistogramName>(name: K, labels: OpenLabelsOf<K>): void;
  /** All metrics in the Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
  /** Stops the background work of the default metrics. */
  close(): void;
};

type Instrument = Counter | Gauge | Histogram;

/**
 * The metrics of one process, each with the label `service`. Node's own metrics (event loop lag, heap, GC) are
 * included. Counters and histograms of the service start at 0 for all values that the table knows.
 */
export function createMetrics(options: { service: string; defaults?: boolean }): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service: options.service });
  if (options.defaults !== false) collectDefaultMetrics({ register: registry });
  const instruments = new Map<MetricName, Instrument>();

  const instrument = (name: MetricName): Instrument => {
    let found = instruments.get(name);
    if (found === undefined) {
      found = create(name, metricTable[name], registry);
      instruments.set(name, found);
    }
    return found;
  };

  const zero = (name: MetricName, given: Readonly<Record<string, string | number>>): void => {
    const spec: MetricSpec = metricTable[name];
    for (const labels of labelSets(spec.labels, given)) {
      if (spec.type === 'counter') (instrument(name) as Counter).inc(labels, 0);
      else if (spec.type === 'histogram') (instrument(name) as Histogram).zero(labels);
    }
  };
  for (const name of Object.keys(metricsOfService(options.service))) zero(name as MetricName, {});

  return {
    zero: (name, labels) => zero(name, labels),
    inc(name, ...[labels, n]) {
      (instrument(name) as Counter).inc(plain(labels), n ?? 1);
    },
    set(name, value, ...[labels]) {
      (instrument(name) as Gauge).set(plain(labels), value);
    },
    observe(name, value, ...[labels]) {
      (instrument(name) as Histogram).observe(plain(labels), value);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
    close: () => registry.clear(),
  };
}

/** Counts nothing. It is for tests and for callers without metrics. */
export const noMetrics: Metrics = {
  inc: () => undefined,
  set: () => undefined,
  observe: () => undefined,
  zero: () => undefined,
  text: async () => '',
  contentType: 'text/plain',
  close: () => undefined,
};

/** Labels as prom-client takes them. The caller's types know more about them. */
function plain(labels: object | undefined): Record<string, string | number> {
  return (labels ?? {}) as Record<string, string | number>;
}

function create(name: MetricName, spec: MetricSpec, registry: Registry): Instrument {
  const common = {
    name: metricPrefix + name,
    help: spec.help,
    labelNames: Object.keys(spec.labels),
    registers: [registry],
  };
  switch (spec.type) {
    case 'counter':
      return new Counter(common);
    case 'gauge':
      return new Gauge(common);
    case 'histogram':
      return new Histogram(spec.buckets === undefined ? common : { ...common, buckets: [...spec.buckets] });
  }
}

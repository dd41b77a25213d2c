import { type MetricSpec, metricPrefix, metricTable, open } from '../services/shared/metrics/index.ts';
import { groupingLabelsOf, type Matcher, type Selector, selectorsOf } from './promql.ts';

/** Labels that Prometheus or `createMetrics` add to every series. */
const addedLabels = ['service', 'instance', 'job'];

/**
 * Compares the metrics and labels of an expression with the table of metrics. `recorded` has the metrics of
 * recording rules. Returns one line per difference.
 */
export function metricFaults(expression: string, recorded: ReadonlySet<string> = new Set()): string[] {
  const own = selectorsOf(expression).filter(({ metric }) => metric !== 'up' && !recorded.has(metric));
  const specs = own.map(({ metric }) => specOf(metric));
  const known = new Set([...addedLabels, 'le', ...specs.flatMap((spec) => Object.keys(spec?.labels ?? {}))]);
  return [
    ...own.flatMap(selectorFaults),
    ...groupingLabelsOf(expression)
      .filter((label) => !known.has(label))
      .map((label) => `no metric of the expression has the label ${label}`),
  ];
}

function selectorFaults({ metric, matchers }: Selector): string[] {
  const spec = specOf(metric);
  if (spec === null) return [`${metric} is not in the table of metrics`];
  return matchers
    .filter((matcher) => !fits(spec, metric, matcher))
    .map(({ label, value }) => `${metric} has no ${label}="${value}"`);
}

function fits(spec: MetricSpec, metric: string, { label, operator, value }: Matcher): boolean {
  if (addedLabels.includes(label)) return true;
  if (label === 'le' && metric.endsWith('_bucket')) {
    return value === '+Inf' || (spec.buckets ?? []).map(String).includes(value);
  }
  const values = spec.labels[label];
  if (values === undefined) return false;
  return values === open || operator.endsWith('~') || values.includes(value);
}

/** The row of the table. A histogram has series with three endings and none with its own name. */
function specOf(metric: string): MetricSpec | null {
  if (!metric.startsWith(metricPrefix)) return null;
  const table: Readonly<Record<string, MetricSpec>> = metricTable;
  const name = metric.slice(metricPrefix.length);
  const base = name.replace(/_(?:bucket|count|sum)$/, '');
  if (base !== name && table[base]?.type === 'histogram') return table[base];
  return table[name] === undefined || table[name].type === 'histogram' ? null : table[name];
}

import { metricPrefix } from '../../services/shared/metrics/index.ts';

const by = (labels: readonly string[]): string => (labels.length > 0 ? ` by (${labels.join(', ')})` : '');

/** Events per second of a counter, by these labels. `matchers` is PromQL, such as `result="failed"`. */
export function perSecond(counter: string, labels: readonly string[] = [], matchers = ''): string {
  return `sum${by(labels)} (rate(${selected(counter, matchers)}[$__rate_interval]))`;
}

/** A quantile of a histogram, by these labels. */
export function quantile(
  q: number,
  histogram: string,
  labels: readonly string[] = [],
  matchers = '',
): string {
  return `histogram_quantile(${q}, ${perSecond(`${histogram}_bucket`, [...labels, 'le'], matchers)})`;
}

/** The sum of a gauge over all processes, by these labels. */
export const total = (gauge: string, labels: readonly string[] = [], matchers = ''): string =>
  `sum${by(labels)} (${selected(gauge, matchers)})`;

/** The largest value of a gauge, by these labels. */
export const largest = (gauge: string, labels: readonly string[] = [], matchers = ''): string =>
  `max${by(labels)} (${selected(gauge, matchers)})`;

const selected = (metric: string, matchers: string): string =>
  `${metricPrefix}${metric}${matchers === '' ? '' : `{${matchers}}`}`;

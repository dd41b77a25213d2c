export { createMetrics, type Metrics, noMetrics } from './metrics.ts';
export { type MetricSpec, open } from './spec.ts';
export {
  metricPrefix,
  metricTable,
} from './table.ts';

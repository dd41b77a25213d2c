export { createMetrics, type Metrics, noMetrics } from './metrics.ts';
export {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  type MetricName,
  metricPrefix,
  metricTable,
} from './table.ts';

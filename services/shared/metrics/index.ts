export { createMetrics, type Metrics, noMetrics } from './metrics.ts';
export {
  metricPrefix,
  metricTable,
} from './table.ts';

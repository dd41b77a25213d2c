/** The values of a label that is not known before the process runs, such as the name of a group. */
export const open = 'open';

/** The values that a label can have. */
export type LabelValues = readonly string[] | typeof open;

export type MetricSpec = {
  type: 'counter' | 'gauge' | 'histogram';
  /** One sentence. docs/metrics.md shows it unchanged. */
  help: string;
  /**
   * Label names with their values. Never use an id of an order, customer, key or event: each value creates a series
   * that stays for ever.
   */
  labels: Readonly<Record<string, LabelValues>>;
  /** Upper bounds of a histogram, in the metric's unit. */
  buckets?: readonly number[];
};

/** Upper bounds in seconds, for waits of a request or a batch. */
export const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

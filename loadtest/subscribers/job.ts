/** The input of this bench's measuring processes; each returns one result. */
import type { Target } from '../client/job.ts';

/** Orders on the clock, one webhook endpoint for each customer. */
export interface DeliverJob {
  readonly target: Target;
  /** One bearer token per customer; the n-th is `customer-n`. */
  readonly tokens: readonly string[];
  readonly skuCount: number;
  readonly keyPrefix: string;
  readonly perSecond: number;
  /** Whether the endpoint of the first customer hangs for `hangMs`. */
  readonly hangs: boolean;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Environment of the notification process. */
  readonly env: Readonly<Record<string, string>>;
  readonly databasePid: number | null;
}

/** The snapshot of `orders` orders, read as a new team would. */
export interface SnapshotJob {
  readonly env: Readonly<Record<string, string>>;
  readonly orders: number;
}

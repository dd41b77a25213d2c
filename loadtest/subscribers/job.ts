/** The inputs of the measuring processes of this bench. Each process returns one result. */
import type { Target } from '../client/job.ts';

/** A run with orders at a fixed rate, and one webhook endpoint for each customer. */
export interface DeliverJob {
  readonly target: Target;
  /** One bearer token per customer. The n-th token belongs to `customer-n`. */
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

/** A run that reads the snapshot of `orders` orders as a new team would. */
export interface SnapshotJob {
  readonly env: Readonly<Record<string, string>>;
  readonly orders: number;
}

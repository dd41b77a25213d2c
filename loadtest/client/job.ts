/** The input of a generator process; it returns one result. */

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Load {
  readonly target: Target;
  /** One bearer token per simulated customer; connections use them by turns. */
  readonly tokens: readonly string[];
  /** Prefix of every idempotency key, unique for each run. */
  readonly keyPrefix: string;
  /** SKUs for orders. */
  readonly skuCount: number;
  /** Lines of every order; by default one to five. */
  readonly linesEach?: number;
  /** Processes whose CPU time is measured, by name; null for one that is not on this machine. */
  readonly pids: Readonly<Record<string, number | null>>;
  /** Process whose memory is measured. */
  readonly servicePid: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/**
 * Each connection sends its next request after its response. `ordersEach`: 0 for a plain GET, above 1 for
 * batches.
 */
export interface ClosedJob extends Load {
  readonly kind: 'closed';
  readonly connections: number;
  readonly ordersEach: number;
}

/**
 * Requests begin on the clock, whether or not earlier ones were answered. Latency counts from that moment.
 */
export interface OpenJob extends Load {
  readonly kind: 'open';
  readonly perSecond: number;
  /** `Prefer: wait`; 0 for none. */
  readonly waitSeconds: number;
  /** If true, refusals (503) count as responses; otherwise they fail the run. */
  readonly refusalsCount: boolean;
}

/**
 * Places orders, then places on the clock, opens an idle stream for each of the first orders, and places on
 * the clock again.
 */
export interface StreamsJob extends Load {
  readonly kind: 'streams';
  readonly streams: number;
  readonly perSecond: number;
}

export type Job = ClosedJob | OpenJob | StreamsJob;

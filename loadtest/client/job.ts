/** What a generator process is told; it answers with one result. */

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Load {
  readonly target: Target;
  /** One bearer token per simulated customer; connections take them by turns. */
  readonly tokens: readonly string[];
  /** In front of every idempotency key: no two runs share one. */
  readonly keyPrefix: string;
  /** SKUs that orders may name. */
  readonly skuCount: number;
  /** Lines of every order; one to five of them when absent. */
  readonly linesEach?: number;
  /** Whose CPU time is told, by name; null for one that is not on this machine. */
  readonly pids: Readonly<Record<string, number | null>>;
  /** Process whose memory is told. */
  readonly servicePid: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Each connection sends its next request when it has its answer. `ordersEach`: 0 for a plain GET, above 1 for batches. */
export interface ClosedJob extends Load {
  readonly kind: 'closed';
  readonly connections: number;
  readonly ordersEach: number;
}

/** Requests begin on the clock, whether or not those before were answered; latency counts from that moment. */
export interface OpenJob extends Load {
  readonly kind: 'open';
  readonly perSecond: number;
  /** `Prefer: wait`; 0 for none. */
  readonly waitSeconds: number;
  /** Refusals (503) are an answer like any other; else they break the run. */
  readonly refusalsCount: boolean;
}

/** Places orders, then places on the clock, opens an idle stream on each of the first, and places on the clock again. */
export interface StreamsJob extends Load {
  readonly kind: 'streams';
  readonly streams: number;
  readonly perSecond: number;
}

export type Job = ClosedJob | OpenJob | StreamsJob;

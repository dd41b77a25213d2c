/** What a generator process is told; it answers with one result. */

export interface Target {
  readonly host: string;
  readonly port: number;
}

interface Load {
  readonly target: Target;
  /** One bearer token per simulated customer; connections take them by turns. */
  readonly tokens: readonly string[];
  /** In front of every idempotency key: no two runs share one. */
  readonly keyPrefix: string;
  /** SKUs that orders may name. */
  readonly skuCount: number;
  /** Process whose CPU time and memory are told. */
  readonly servicePid: number;
  readonly databasePid: number | null;
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

/** Places, then opens idle streams, then places again. */
export interface StreamsJob extends Load {
  readonly kind: 'streams';
  readonly streams: number;
  readonly perSecond: number;
}

export type Job = ClosedJob | OpenJob | StreamsJob;

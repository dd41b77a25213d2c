/** The input of a generator process, which returns one result. */
import type { Callbacks } from './callbacks.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
  /** True if the connection is encrypted. The certificate of the server is checked. */
  readonly tls?: boolean;
}

export interface Load {
  readonly target: Target;
  /** One bearer token per simulated customer. The connections use the tokens in turn. */
  readonly tokens: readonly string[];
  /** Prefix of every idempotency key, unique for each run. */
  readonly keyPrefix: string;
  /** Number of SKUs in orders. */
  readonly skuCount: number;
  /** Number of lines of every order; by default one to five. */
  readonly linesEach?: number;
  /** Processes whose CPU time is measured, by name. Null for a process on another machine. */
  readonly pids: Readonly<Record<string, number | null>>;
  /** The process whose memory is measured. */
  readonly servicePid: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/**
 * Each connection sends its next request after its last response. `ordersEach` is 0 for a plain GET and above 1 for
 * batches.
 */
export interface ClosedJob extends Load {
  readonly kind: 'closed';
  readonly connections: number;
  readonly ordersEach: number;
}

/**
 * Requests start at a fixed rate, even while earlier requests have no response. Latency counts from the planned
 * start.
 */
export interface OpenJob extends Load {
  readonly kind: 'open';
  readonly perSecond: number;
  /** Seconds of `Prefer: wait`; 0 omits the header. */
  readonly waitSeconds: number;
  /** Whether refusals (503) count as responses. Otherwise they fail the run. */
  readonly refusalsCount: boolean;
  /** Sends callbacks of a payment provider instead of orders. */
  readonly callbacks?: Callbacks;
}

/**
 * Places orders, then places more at a fixed rate. Opens an idle stream for each of the first orders. Then places at
 * the same fixed rate again.
 */
export interface StreamsJob extends Load {
  readonly kind: 'streams';
  readonly streams: number;
  readonly perSecond: number;
}

/** As a closed job, over gRPC. `target` is the gRPC port. */
export interface GrpcJob extends Load {
  readonly kind: 'grpc';
  readonly connections: number;
  /** Calls in flight of each connection. */
  readonly callsInFlight: number;
}

export type Job = ClosedJob | OpenJob | StreamsJob | GrpcJob;

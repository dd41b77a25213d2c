/** A way to persist orders that is measured; each runs in its own process, from `start` to `stop`. */
import type { Meter } from '../frame/meter.ts';
import type { OrderStream, Shape } from './order-stream.ts';

export type SubjectName = 'ours' | 'oursBare' | 'usual' | 'loadData';

export interface StoreJob {
  readonly subject: SubjectName;
  readonly shape: Shape;
  readonly seed: number;
  /** Connections of the usual design; for ours, the writers. */
  readonly connections: number;
  /** mysql://…/database of this run. */
  readonly url: string;
  readonly databasePid: number | null;
  /** Warm-up orders, and measured orders. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** The tables hold orders already and the run continues after them; otherwise they are recreated. */
  readonly isFilled: boolean;
}

export interface SubjectDeps {
  readonly url: string;
  readonly stream: OrderStream;
  readonly meter: Meter;
  readonly connections: number;
  /** First offset of each partition. */
  readonly from: readonly number[];
}

/** The reported work of a subject: the offsets it decided, from `from` up to `to` of each partition. */
export interface Claimed {
  readonly to: readonly number[];
  /** Outcomes that were published or relayed; null if the subject makes none. */
  readonly outcomes: number | null;
}

export interface Subject {
  start(): Promise<void>;
  /** Ends after the work in flight. Rejects if anything failed meanwhile. */
  stop(): Promise<Claimed>;
}

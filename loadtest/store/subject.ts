/** A way to persist orders that is measured: each runs in a process of its own, from `start` to `stop`. */
import type { Meter } from '../frame/meter.ts';
import type { OrderStream, Shape } from './order-stream.ts';

export type SubjectName = 'ours' | 'oursBare' | 'usual' | 'loadData';

export interface StoreJob {
  readonly subject: SubjectName;
  readonly shape: Shape;
  readonly seed: number;
  /** Connections of the usual design; of ours, its writers. */
  readonly connections: number;
  /** mysql://…/database of this run. */
  readonly url: string;
  readonly databasePid: number | null;
  /** Run before the measurement begins, and measured. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** The tables hold orders already and the run goes on behind them; otherwise they are recreated. */
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

/** What a subject says that it did: the offsets it decided, from `from` up to `to` of each partition. */
export interface Claimed {
  readonly to: readonly number[];
  /** Outcomes that went out, or were relayed; null when the subject makes none. */
  readonly outcomes: number | null;
}

export interface Subject {
  start(): Promise<void>;
  /** Ends after what is in flight. Rejects when anything went wrong meanwhile. */
  stop(): Promise<Claimed>;
}

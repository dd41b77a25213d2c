/** A measured way to store orders. Each subject runs in its own process, from `start` to `stop`. */
import type { Meter } from '../frame/meter.ts';
import type { OrderStream, Shape } from './order-stream.ts';
import type { Pricing } from './rules.ts';

/**
 * `oursCommands` pays and cancels orders that were loaded before. `oursLives` places, pays, ships and delivers orders. All others
 * place orders.
 */
export type SubjectName = 'ours' | 'oursBare' | 'oursCommands' | 'oursLives' | 'usual' | 'loadData';

export interface StoreJob {
  readonly subject: SubjectName;
  readonly shape: Shape;
  readonly pricing: Pricing;
  readonly seed: number;
  /** Number of connections of the usual design, or number of writers of the product. */
  readonly connections: number;
  /** mysql://…/database of this run. */
  readonly url: string;
  readonly databasePid: number | null;
  /** The warm-up time and the measured time. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  /**
   * Whether the tables already have orders, so that the run continues after them. Otherwise the tables are recreated.
   */
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

/** The reported work of a subject. It has decided the offsets from `from` up to `to` of each partition. */
export interface Claimed {
  readonly to: readonly number[];
  /** Number of published or relayed outcomes; null if the subject creates none. */
  readonly outcomes: number | null;
}

export interface Subject {
  start(): Promise<void>;
  /** Stops the subject. Resolves after the work in flight. Rejects if an operation failed. */
  stop(): Promise<Claimed>;
}

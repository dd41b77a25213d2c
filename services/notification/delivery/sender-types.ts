/** The dependencies and limits of the sender. */
import type { Clock } from '../../shared/clock/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Traces } from '../../shared/trace/index.ts';
import type { Target } from '../receivers/hosts.ts';
import type { Stall } from '../stall.ts';
import type { AttemptResult } from './attempt.ts';
import type { DeliveryQueue, Leased } from './delivery-queue.ts';

/** One way to reach a receiver. */
export interface Channel {
  name: 'webhook' | 'email';
  /** The attempt passes the gate of this host. */
  host: string;
  /** All endpoints of this customer share its limits. */
  customerId: string;
  /** Returns the customer of a delivery, for a receiver that several customers share. */
  customerOf?(leased: Leased): string;
  deliver(leased: Leased): Promise<AttemptResult>;
}

/** Why a receiver has no channel: its deliveries are held, dropped, or stay pending. */
export type NoChannel = 'disabled' | 'gone' | 'paused';

/** Read at each use, because some of them can change. */
export interface SenderLimits {
  /** Maximum number of attempts in flight in this process. */
  inFlightMax: number;
  /**
   * Attempts in flight of one customer. Without this limit, a customer could use all of them with many hosts
   * that hang.
   */
  customerInFlightMax: number;
  /** Maximum number of receivers in one lease transaction. */
  receiversMax: number;
  /** How often the table is searched for due deliveries. */
  sweepMs: number;
  /** A lease lasts longer than the wait for a slot plus the slowest attempt. */
  leaseMs: number;
  /** The longest duration of an attempt. An attempt begins only if its lease lasts longer. */
  attemptMaxMs: number;
  retryDelaysMs: readonly number[];
}

export interface SenderDeps {
  queue: DeliveryQueue;
  /** Returns the channel of a receiver, or a word if it has none now. */
  channelOf(endpointId: string): Promise<Channel | NoChannel>;
  hosts: {
    room(target: Target): number;
    run(target: Target, attempt: () => Promise<AttemptResult>, isLate: () => boolean): Promise<AttemptResult>;
    openBreakers(): number;
  };
  limits: SenderLimits;
  /** Measures how long the sender has failed to lease or write. */
  stall: Stall;
  clock: Clock;
  random(): number;
  log: Logger;
  metrics: Metrics;
  traces?: Traces;
  fatal(error: unknown): void;
}

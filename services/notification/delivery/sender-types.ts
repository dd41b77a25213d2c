/** The dependencies and limits of the sender. */
import type { Clock } from '../../shared/clock/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Target } from '../receivers/hosts.ts';
import type { Stall } from '../stall.ts';
import type { AttemptResult } from './attempt.ts';
import type { DeliveryQueue, Leased } from './delivery-queue.ts';

/** One way to reach a receiver. */
export interface Channel {
  name: 'webhook' | 'email';
  /** The host whose gate the attempt goes through. */
  host: string;
  /** The customer: several endpoints of one customer share its limits. */
  customerId: string;
  /** For a receiver that several customers share: whose delivery this is. */
  customerOf?(leased: Leased): string;
  deliver(leased: Leased): Promise<AttemptResult>;
}

interface SenderLimits {
  /** Attempts in flight in this process. */
  inFlightMax: number;
  /** The part of these for one customer, because a customer can invent any number of hosts that hang. */
  customerInFlightMax: number;
  /** Maximum number of receivers in one lease transaction. */
  receiversMax: number;
  /** How often the table is searched for due deliveries. */
  sweepMs: number;
  /** A lease lasts longer than the wait for a slot plus the slowest attempt. */
  leaseMs: number;
  /** The slowest attempt. If less of its lease is left, no attempt begins. */
  attemptMaxMs: number;
  retryDelaysMs: readonly number[];
}

export interface SenderDeps {
  queue: DeliveryQueue;
  /** How to reach a receiver; a word if its endpoint is disabled or gone. */
  channelOf(endpointId: string): Promise<Channel | 'disabled' | 'gone'>;
  hosts: {
    room(target: Target): number;
    run(target: Target, attempt: () => Promise<AttemptResult>, isLate: () => boolean): Promise<AttemptResult>;
    openBreakers(): number;
  };
  limits: SenderLimits;
  /** Records since when nothing can be leased or written. */
  stall: Stall;
  clock: Clock;
  random(): number;
  log: Logger;
  metrics: Metrics;
  fatal(error: unknown): void;
}

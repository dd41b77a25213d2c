/** What the sender is given. */
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
  /** The host whose gate the try goes through. */
  host: string;
  /** On whose behalf: several endpoints of one customer share what one customer may have. */
  customerId: string;
  /** Where a receiver is shared: whose delivery this is. */
  customerOf?(leased: Leased): string;
  deliver(leased: Leased): Promise<AttemptResult>;
}

export interface SenderLimits {
  /** Tries in flight in this process. */
  inFlightMax: number;
  /** Of these for one customer: hosts are free to make up, and so is any number of them that hang. */
  customerInFlightMax: number;
  /** Receivers that one lease transaction takes from. */
  receiversMax: number;
  /** How often the table is looked through for what is due. */
  sweepMs: number;
  /** A lease outlives a wait for its turn and the slowest try. */
  leaseMs: number;
  /** The slowest try: what has less of its lease left is not begun. */
  attemptMaxMs: number;
  retryDelaysMs: readonly number[];
}

export interface SenderDeps {
  queue: DeliveryQueue;
  /** How to reach a receiver; a word when nobody can be reached: its endpoint is disabled or gone. */
  channelOf(endpointId: string): Promise<Channel | 'disabled' | 'gone'>;
  hosts: {
    room(target: Target): number;
    run(target: Target, attempt: () => Promise<AttemptResult>, isLate: () => boolean): Promise<AttemptResult>;
    openBreakers(): number;
  };
  limits: SenderLimits;
  /** Says since when nothing can be leased or written. */
  stall: Stall;
  clock: Clock;
  random(): number;
  log: Logger;
  metrics: Metrics;
  fatal(error: unknown): void;
}

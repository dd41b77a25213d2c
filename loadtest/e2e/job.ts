/** The input of a measuring process of this bench, which returns one result. */
import type { ClosedJob, OpenJob } from '../client/job.ts';
import type { Way } from './ways.ts';

export interface OutcomeTopic {
  readonly brokers: readonly string[];
  readonly topicPrefix: string;
  /** Name of the topic without the prefix. */
  readonly topic: string;
}

/**
 * The place where a client sees the outcome. It is the topic, the response to `Prefer: wait`, the polled
 * status, or the stream of events.
 */
export type SeenBy = 'topic' | 'wait' | Way;

export interface E2eJob {
  readonly load: ClosedJob | OpenJob;
  readonly outcomes: OutcomeTopic;
  /**
   * The place whose latencies the quantiles describe. Every value except `topic` needs an open loop of one customer.
   */
  readonly seenBy: SeenBy;
}

/** The input of a measuring process of this bench; it returns one result. */
import type { ClosedJob, OpenJob } from '../client/job.ts';
import type { Way } from './ways.ts';

export interface OutcomeTopic {
  readonly brokers: readonly string[];
  readonly topicPrefix: string;
  /** Without the prefix. */
  readonly topic: string;
}

/**
 * Where a client sees the outcome: in the topic, in the answer to `Prefer: wait`, in the status that it polls, or in the
 * stream of events.
 */
export type SeenBy = 'topic' | 'wait' | Way;

export interface E2eJob {
  readonly load: ClosedJob | OpenJob;
  readonly outcomes: OutcomeTopic;
  /** What the quantiles of the sample are of; anything but the topic for an open loop of one customer. */
  readonly seenBy: SeenBy;
}

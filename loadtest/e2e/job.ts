/** The input of a measuring process of this bench; it returns one result. */
import type { ClosedJob, OpenJob } from '../client/job.ts';

export interface OutcomeTopic {
  readonly brokers: readonly string[];
  readonly topicPrefix: string;
  /** Without the prefix. */
  readonly topic: string;
}

export interface E2eJob {
  readonly load: ClosedJob | OpenJob;
  readonly outcomes: OutcomeTopic;
}

/** What a design shows to the bench: topics, tables and processes of its own on the servers that all share. */
import type { Target } from '../client/job.ts';
import type { OwnTopics } from '../frame/own-topics.ts';

export interface Design {
  readonly name: string;
  readonly own: OwnTopics;
  /** Starts its processes; resolves once it takes orders. */
  start(): Promise<RunningDesign>;
}

export interface RunningDesign {
  readonly target: Target;
  /** Its processes, by name. The first takes the requests. */
  readonly pids: Readonly<Record<string, number>>;
  /** Resolves once nothing is left to do. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

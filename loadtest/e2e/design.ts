/** The interface of a design: its own topics, tables and processes, on shared servers. */
import type { Target } from '../client/job.ts';
import type { OwnTopics } from '../frame/own-topics.ts';

export interface Design {
  readonly name: string;
  readonly own: OwnTopics;
  /** Starts its processes; resolves once it accepts orders. */
  start(): Promise<RunningDesign>;
}

export interface RunningDesign {
  readonly target: Target;
  /** Its processes, by name. The first receives the requests. */
  readonly pids: Readonly<Record<string, number>>;
  /** Ports of the metrics of its processes; none for a design without metrics. */
  readonly adminPorts: readonly number[];
  /** Pauses the processes that only read outcomes, until the returned function is called. */
  freezeSubscribers?(): () => void;
  /** Resolves once all work is done. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

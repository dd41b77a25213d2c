/** The interface of a design: its own topics, tables and processes, on shared servers. */
import type { Target } from '../client/job.ts';
import type { OwnTopics } from '../frame/own-topics.ts';

export interface Design {
  readonly name: string;
  readonly own: OwnTopics;
  /** Starts the processes of the design. Resolves once the design accepts orders. */
  start(): Promise<RunningDesign>;
}

export interface RunningDesign {
  readonly target: Target;
  /** The processes by name. The first process receives the requests. */
  readonly pids: Readonly<Record<string, number>>;
  /** Ports of the metrics of the processes; empty for a design without metrics. */
  readonly adminPorts: readonly number[];
  /** Pauses the processes that only read outcomes, until the returned function is called. */
  freezeSubscribers?(): () => void;
  /** Resolves once the design has processed all orders. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

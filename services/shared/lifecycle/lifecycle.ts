import type { Logger } from '../log/index.ts';

/**
 * starting ──► ready ──► draining ──► stopped
 *     │          │           │
 *     └──────────┴───────────┴──► failed
 * A signal may turn `starting` straight into `draining`. No state is left for an earlier one.
 */
export const lifecycleStates = ['starting', 'ready', 'draining', 'stopped', 'failed'] as const;
export type LifecycleState = (typeof lifecycleStates)[number];

const next: Record<LifecycleState, readonly LifecycleState[]> = {
  starting: ['ready', 'draining', 'failed'],
  ready: ['draining', 'failed'],
  draining: ['stopped', 'failed'],
  stopped: [],
  failed: [],
};

/** `true`, or a sentence that says what is missing. */
export type ReadinessCheck = () => true | string;

export type Lifecycle = {
  state(): LifecycleState;
  /** Adds a condition of readiness; it is asked on each probe and must be quick. The returned function takes it away. */
  addReadiness(name: string, check: ReadinessCheck): () => void;
  /** Adds a condition of liveness: only what a restart would mend. The returned function takes it away. */
  addLiveness(name: string, check: ReadinessCheck): () => void;
  /** The service has started. Ignored when it is being stopped already. */
  ready(): void;
  draining(): void;
  stopped(): void;
  failed(): void;
  /** Whether traffic should come here: state `ready` and every check true. */
  readiness(): { ready: boolean; problems: string[] };
  /** Whether the process is of use; where it is not, its supervisor should start it anew. */
  liveness(): { alive: boolean; problems: string[] };
  /** Calls `listener` on every change of state. The returned function takes it away. */
  onChange(listener: (state: LifecycleState) => void): () => void;
};

/** The state of one process, with one setter that logs. An illegal change is ignored, as a stop may race with a failure. */
export function createLifecycle({ log, service }: { log: Logger; service: string }): Lifecycle {
  let state: LifecycleState = 'starting';
  const readinessChecks = new Map<string, ReadinessCheck>();
  const livenessChecks = new Map<string, ReadinessCheck>();
  const listeners = new Set<(state: LifecycleState) => void>();

  const become = (to: LifecycleState): void => {
    if (!next[state].includes(to)) return;
    log.info({ from: state, to }, `${service} is ${to}`);
    state = to;
    for (const listener of listeners) listener(to);
  };

  return {
    state: () => state,
    addReadiness: (name, check) => addTo(readinessChecks, name, check),
    addLiveness: (name, check) => addTo(livenessChecks, name, check),
    ready: () => become('ready'),
    draining: () => become('draining'),
    stopped: () => become('stopped'),
    failed: () => become('failed'),
    readiness() {
      const problems = state === 'ready' ? [] : [`state: ${state}`];
      problems.push(...askAll(readinessChecks));
      return { ready: problems.length === 0, problems };
    },
    liveness() {
      const problems = askAll(livenessChecks);
      return { alive: problems.length === 0, problems };
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function addTo(checks: Map<string, ReadinessCheck>, name: string, check: ReadinessCheck): () => void {
  checks.set(name, check);
  return () => {
    if (checks.get(name) === check) checks.delete(name);
  };
}

function askAll(checks: ReadonlyMap<string, ReadinessCheck>): string[] {
  const problems: string[] = [];
  for (const [name, check] of checks) {
    const answer = ask(check);
    if (answer !== true) problems.push(`${name}: ${answer}`);
  }
  return problems;
}

function ask(check: ReadinessCheck): true | string {
  try {
    return check();
  } catch (error) {
    // A check that throws is an answer too: not ready, and the probe shows why.
    return error instanceof Error ? error.message : 'the check threw';
  }
}

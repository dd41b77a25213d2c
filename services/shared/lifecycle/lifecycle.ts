import type { Logger } from '../log/index.ts';

/**
 * starting ──► ready ──► draining ──► stopped
 *     │          │           │
 *     └──────────┴───────────┴──► failed
 * A signal may turn `starting` straight into `draining`. No state is left for an earlier one.
 */
export const lifecycleStates = ['starting', 'ready', 'draining', 'stopped', 'failed'] as const;
type LifecycleState = (typeof lifecycleStates)[number];

const next: Record<LifecycleState, readonly LifecycleState[]> = {
  starting: ['ready', 'draining', 'failed'],
  ready: ['draining', 'failed'],
  draining: ['stopped', 'failed'],
  stopped: [],
  failed: [],
};

/** `true`, or a sentence that names what is missing. */
type ReadinessCheck = () => true | string;

export type Lifecycle = {
  state(): LifecycleState;
  /**
   * Adds a condition of readiness. Each probe calls it, so it must be quick. The returned function removes
   * it.
   */
  addReadiness(name: string, check: ReadinessCheck): () => void;
  /**
   * Adds a condition of liveness: only for faults that a restart would repair. The returned function removes
   * it.
   */
  addLiveness(name: string, check: ReadinessCheck): () => void;
  /** The service has started. Ignored if it is already stopping. */
  ready(): void;
  draining(): void;
  stopped(): void;
  failed(): void;
  /** Whether traffic may come: the state is `ready` and every check is true. */
  readiness(): { ready: boolean; problems: string[] };
  /** Whether the process works; if not, its supervisor should restart it. */
  liveness(): { alive: boolean; problems: string[] };
  /** Calls `listener` on every change of state. The returned function removes it. */
  onChange(listener: (state: LifecycleState) => void): () => void;
};

/**
 * The state of one process, with one setter that logs. An illegal change is ignored, because a stop may race
 * with a failure.
 */
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
    // A check that throws counts as not ready, and the probe shows why.
    return error instanceof Error ? error.message : 'the check threw';
  }
}

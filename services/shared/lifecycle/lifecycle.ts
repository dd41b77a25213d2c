import type { Logger } from '../log/index.ts';

/**
 * starting ──► ready ──► draining ──► stopped
 *     │          │           │
 *     └──────────┴───────────┴──► failed
 * A signal may change `starting` directly to `draining`. A state never changes to an earlier one.
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

/** Returns `true`, or a sentence that names the missing condition. */
type ReadinessCheck = () => true | string;

export type Lifecycle = {
  state(): LifecycleState;
  /**
   * Adds a condition of readiness. Each probe calls it, so it must be quick. The returned function removes
   * it.
   */
  addReadiness(name: string, check: ReadinessCheck): () => void;
  /**
   * Adds a condition of liveness. Use it only for faults that a restart would repair. The returned function
   * removes it.
   */
  addLiveness(name: string, check: ReadinessCheck): () => void;
  /** Reports that the service has started. Ignored if the service is already stopping. */
  ready(): void;
  draining(): void;
  stopped(): void;
  failed(): void;
  /** Whether the service accepts traffic: the state is `ready` and every check is true. */
  readiness(): { ready: boolean; problems: string[] };
  /** Whether the process works; if not, its supervisor should restart it. */
  liveness(): { alive: boolean; problems: string[] };
  /** Calls `listener` on every change of state. The returned function removes it. */
  onChange(listener: (state: LifecycleState) => void): () => void;
};

/**
 * The state of one process, with one setter that logs. The setter ignores an illegal change, because a stop may
 * race with a failure.
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

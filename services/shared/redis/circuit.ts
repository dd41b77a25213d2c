import type { Clock } from '../clock/index.ts';

/**
 * closed ──failuresMax in a row──► open ──after openForMs──► half-open (one trial) ──ok──► closed
 *                                   ▲                              │
 *                                   └───────────── failed ─────────┘
 */
export type Circuit = {
  /** Whether a call may run now. While half-open, only the first caller gets true, until its result is known. */
  admits(): boolean;
  succeeded(): void;
  failed(): void;
  state(): 'closed' | 'open' | 'halfOpen';
};

type Deps = {
  failuresMax: number;
  openForMs: number;
  clock: Clock;
  onChange?: (state: 'closed' | 'open') => void;
};

export function createCircuit({ failuresMax, openForMs, clock, onChange = () => undefined }: Deps): Circuit {
  let failures = 0;
  let openUntilMs: number | null = null;
  let trialUntilMs: number | null = null;

  return {
    admits() {
      if (openUntilMs === null) return true;
      const nowMs = clock.monotonicMs();
      if (nowMs < openUntilMs || (trialUntilMs !== null && nowMs < trialUntilMs)) return false;
      // A trial without a result must not keep the circuit open for ever.
      trialUntilMs = nowMs + openForMs;
      return true;
    },
    succeeded() {
      failures = 0;
      if (openUntilMs === null) return;
      openUntilMs = null;
      trialUntilMs = null;
      onChange('closed');
    },
    failed() {
      failures++;
      if (failures < failuresMax) return;
      const wasClosed = openUntilMs === null;
      openUntilMs = clock.monotonicMs() + openForMs;
      trialUntilMs = null;
      if (wasClosed) onChange('open');
    },
    state() {
      if (openUntilMs === null) return 'closed';
      return clock.monotonicMs() < openUntilMs ? 'open' : 'halfOpen';
    },
  };
}

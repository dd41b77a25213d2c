/**
 * Circuit breakers by key. A key without failures uses no memory. At most `keptMax` other keys are kept, and
 * the key with the oldest trouble is evicted first. An evicted key is tried a little early, and its next
 * failure adds it again.
 *
 * closed ──failures in a row──► open ──openMs──► one try ──success──► closed, ──failure──► open again
 */
import type { Clock } from '../../shared/clock/index.ts';

export interface CircuitLimits {
  /** Failures in a row that open a circuit. */
  failuresInRow: number;
  /** How long an open circuit refuses all calls; then it allows one trial at a time. */
  openMs: number;
  keptMax: number;
}

interface Trouble {
  failures: number;
  openedAtMs: number | null;
  isTrying: boolean;
}

/** trouble: the key fails. well: it works. unknown: nothing was tried. */
export type Judgement = 'trouble' | 'well' | 'unknown';

export interface Circuits {
  /** The number of calls that are allowed now. closed: any number. trial: one. open: none. */
  stateOf(key: string): 'closed' | 'trial' | 'open';
  /** Runs a call. Returns null if the circuit is open. `judge` returns the state of the key after a result. */
  run<T>(key: string, attempt: () => Promise<T>, judge: (result: T) => Judgement): Promise<T | null>;
  /** Circuits that are open or in a trial. */
  open(): number;
  /** Keys in memory. */
  size(): number;
}

export function createCircuits({ failuresInRow, openMs, keptMax }: CircuitLimits, clock: Clock): Circuits {
  const troubles = new Map<string, Trouble>();
  let open = 0;

  const forget = (key: string): void => {
    if (troubles.get(key)?.openedAtMs != null) open -= 1;
    troubles.delete(key);
  };

  const failed = (key: string): void => {
    let trouble = troubles.get(key);
    if (trouble === undefined) {
      // Maps keep the insertion order: the first key is the oldest.
      if (troubles.size >= keptMax) forget(troubles.keys().next().value!);
      trouble = { failures: 0, openedAtMs: null, isTrying: false };
      troubles.set(key, trouble);
    }
    trouble.failures += 1;
    if (trouble.failures < failuresInRow) return;
    if (trouble.openedAtMs === null) open += 1;
    trouble.openedAtMs = clock.monotonicMs();
  };

  const stateOf: Circuits['stateOf'] = (key) => {
    const trouble = troubles.get(key);
    if (trouble === undefined || trouble.openedAtMs === null) return 'closed';
    const isOver = clock.monotonicMs() - trouble.openedAtMs >= openMs;
    return isOver && !trouble.isTrying ? 'trial' : 'open';
  };

  return {
    stateOf,
    async run(key, attempt, judge) {
      const state = stateOf(key);
      if (state === 'open') return null;
      const tried = troubles.get(key);
      if (state === 'trial') tried!.isTrying = true;
      try {
        const result = await attempt();
        const judgement = judge(result);
        if (judgement === 'trouble') failed(key);
        // A call that began before the circuit opened also closes it on success: the receiver answers.
        else if (judgement === 'well') forget(key);
        return result;
      } finally {
        if (state === 'trial') tried!.isTrying = false;
      }
    },
    open: () => open,
    size: () => troubles.size,
  };
}

/**
 * Whether there is room for one more request, told in microseconds from what is known anyway: how late the event loop
 * runs, how old the oldest command in the produce queue is, and how long an order taken in now would wait for its outcome.
 * Writes are turned away long before reads, so that who has placed can always ask. A lane that is behind turns away the orders
 * of that lane only, once it is known which they are.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Accumulator } from '../shared/kafka/index.ts';
import type { Lanes } from './lanes.ts';

export interface AdmissionLimits {
  readonly loopDelayMs: number;
  readonly produceAgeMs: number;
  readonly lagMs: number;
}

export type Refusal = 'event_loop' | 'produce_queue' | 'lag';

export interface Admission {
  /** Why a request of this kind is refused now, or null. */
  refusal(kind: 'read' | 'write'): Refusal | null;
  /** Whether orders of this partition would wait too long, or for ever. */
  isBehind(partition: number): boolean;
  /** How many partitions are behind. */
  lanesBehind(): number;
  /** Whole seconds for `Retry-After`, spread so that the refused do not come back together. */
  retryAfterSeconds(reason: Refusal): number;
  /** Looks at everything anew; called on a timer. */
  sample(): void;
  close(): void;
}

export interface AdmissionDeps {
  readonly accumulator: Pick<Accumulator, 'oldestAgeMs'>;
  readonly lanes: Pick<Lanes, 'lagMsOf' | 'middleLagMs'>;
  readonly partitions: number;
  readonly limits: AdmissionLimits;
  readonly random?: () => number;
  /** Mean delay of the event loop since the last call, in ms. */
  readonly loopDelayMs?: () => number;
}

/** Reads go on until the loop is this many times later than writes may make it. */
const readFactor = 10;
/** Refusing by lag ends at this part of the limit, so that it does not flap. */
const resumeAt = 0.8;
/** One late moment is no overload: a new sample counts this much against those before. */
const delayWeight = 0.3;
const sampleResolutionMs = 10;

export function createAdmission(deps: AdmissionDeps): Admission {
  const { accumulator, lanes, partitions, limits, random = Math.random } = deps;
  const monitor = deps.loopDelayMs === undefined ? monitorLoop() : null;
  const loopDelayMs = deps.loopDelayMs ?? (() => readDelay(monitor!));
  let delayMs = 0;
  let lagging = false;
  let lagMs = 0;
  const behind = new Array<boolean>(partitions).fill(false);
  const isTooLong = (lag: number, was: boolean): boolean => lag > limits.lagMs * (was ? resumeAt : 1);

  return {
    refusal(kind) {
      if (kind === 'read') return delayMs > limits.loopDelayMs * readFactor ? 'event_loop' : null;
      if (delayMs > limits.loopDelayMs) return 'event_loop';
      if (lagging) return 'lag';
      return accumulator.oldestAgeMs() > limits.produceAgeMs ? 'produce_queue' : null;
    },
    isBehind: (partition) => behind[partition] === true,
    lanesBehind: () => behind.filter((is) => is).length,
    retryAfterSeconds(reason) {
      const baseSeconds =
        reason === 'lag' ? Math.min(30, Math.max(1, (lagMs - limits.lagMs * resumeAt) / 1000)) : 1;
      return Math.ceil(baseSeconds * (1 + random()));
    },
    sample() {
      delayMs += delayWeight * (loopDelayMs() - delayMs);
      lagMs = lanes.middleLagMs();
      lagging = isTooLong(lagMs, lagging);
      for (let i = 0; i < partitions; i++) behind[i] = isTooLong(lanes.lagMsOf(i), behind[i]!);
    },
    close: () => monitor?.disable(),
  };
}

type LoopMonitor = ReturnType<typeof monitorEventLoopDelay>;

function monitorLoop(): LoopMonitor {
  const monitor = monitorEventLoopDelay({ resolution: sampleResolutionMs });
  monitor.enable();
  return monitor;
}

/** The histogram holds the whole time between two ticks of its timer, its own period included. */
function readDelay(monitor: LoopMonitor): number {
  const meanMs = Number.isNaN(monitor.mean) ? 0 : monitor.mean / 1e6;
  monitor.reset();
  return Math.max(0, meanMs - sampleResolutionMs);
}

/**
 * Admission control: decides in microseconds whether to accept one more request. Its inputs are the event loop
 * delay, the age of the oldest queued command, and the expected wait. Writes are refused long before reads, so that
 * clients can always read their orders. A partition that is behind refuses only its own orders.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Accumulator } from '../../../shared/kafka/index.ts';
import type { PartitionProgress } from '../read/partition-progress.ts';

export interface AdmissionLimits {
  readonly loopDelayMs: number;
  readonly produceAgeMs: number;
  readonly lagMs: number;
}

export type Refusal = 'event_loop' | 'produce_queue' | 'lag';

export interface Admission {
  /** Why a request of this kind is refused now, or null. */
  refusal(kind: 'read' | 'write'): Refusal | null;
  /** Whether orders of this partition would wait too long. */
  isBehind(partition: number): boolean;
  /** Number of partitions that are behind. */
  partitionsBehind(): number;
  /** Whole seconds for `Retry-After`, with jitter so that refused clients do not return together. */
  retryAfterSeconds(reason: Refusal): number;
  /** Samples all values. A timer calls it. */
  sample(): void;
  close(): void;
}

export interface AdmissionDeps {
  readonly accumulator: Pick<Accumulator, 'oldestAgeMs'>;
  readonly progress: Pick<PartitionProgress, 'lagMsOf' | 'middleLagMs'>;
  readonly partitions: number;
  readonly limits: AdmissionLimits;
  readonly random?: () => number;
  /** Mean delay of the event loop since the last call, in ms. */
  readonly loopDelayMs?: () => number;
}

/** Reads are refused when the delay is this many times the limit for writes. */
const readFactor = 10;
/** Refusal by lag ends at this fraction of the limit, to avoid flapping. */
const resumeAt = 0.8;
/** Weight of a new sample. One late sample alone is not an overload. */
const delayWeight = 0.3;
const sampleResolutionMs = 10;

export function createAdmission(deps: AdmissionDeps): Admission {
  const { accumulator, progress, partitions, limits, random = Math.random } = deps;
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
    partitionsBehind: () => behind.filter((is) => is).length,
    retryAfterSeconds(reason) {
      const baseSeconds =
        reason === 'lag' ? Math.min(30, Math.max(1, (lagMs - limits.lagMs * resumeAt) / 1000)) : 1;
      return Math.ceil(baseSeconds * (1 + random()));
    },
    sample() {
      delayMs += delayWeight * (loopDelayMs() - delayMs);
      lagMs = progress.middleLagMs();
      lagging = isTooLong(lagMs, lagging);
      for (let i = 0; i < partitions; i++) behind[i] = isTooLong(progress.lagMsOf(i), behind[i]!);
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

/**
 * The histogram records the time between two ticks of its timer. The period of the timer is no delay, so it is
 * subtracted.
 */
function readDelay(monitor: LoopMonitor): number {
  const meanMs = Number.isNaN(monitor.mean) ? 0 : monitor.mean / 1e6;
  monitor.reset();
  return Math.max(0, meanMs - sampleResolutionMs);
}

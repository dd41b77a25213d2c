/**
 * The progress of each partition of the command log: the produced commands, the outcomes, and their rate. Its
 * inputs are the acknowledgements of this process, the reader of the outcome topic, and `lane_positions`. It
 * provides queue positions, ETAs, `Retry-After`, and the lag for admission. A stalled partition does not affect the
 * others.
 *
 * The rate of a partition is measured only while it has work. An idle partition shows the arrival rate, not its
 * capacity.
 */
import type { Clock } from '../../../shared/clock/index.ts';
import type { LogPosition } from '../common/ticket.ts';

export interface Queue {
  readonly ahead: number;
  readonly etaMs: number;
  /**
   * Time since the last outcome of the partition, in ms. Null if the partition is not stalled. `etaMs` is at least
   * as long.
   */
  readonly stalledForMs: number | null;
}

export interface PartitionProgress {
  /** The broker acknowledged a command of this process. */
  produced(position: LogPosition): void;
  /** The outcome topic has the outcome of a command. */
  published(position: LogPosition): void;
  /** Every command below `nextOffset` has its outcome; from `lane_positions`. */
  publishedUpTo(partition: number, nextOffset: number): void;
  /** Offset of the first command whose outcome this process does not know. Null before the partition is known. */
  nextUnpublished(partition: number): number | null;
  /** The number of commands ahead of the position, and the estimated time of its outcome. */
  queueOf(position: LogPosition): Queue;
  /**
   * Expected wait of a new order in this partition, in ms. This is the age of the oldest open command, or the
   * backlog divided by the rate if that is larger.
   */
  lagMsOf(partition: number): number;
  /** The lag of the slowest partition. */
  slowestLagMs(): number;
  /** The median lag: half of the partitions are at least as slow. */
  middleLagMs(): number;
  /** Number of partitions whose position is not known yet. */
  unknown(): number;
  /** Resolves once the positions of all partitions are known. */
  whenKnown(): Promise<void>;
  /** Measures the rates. A timer calls it. */
  measure(): void;
}

interface PartitionState {
  published: number;
  known: boolean;
  end: number;
  /** Outcomes per second. */
  rate: number;
  publishedAtMeasure: number;
  caughtUp: boolean;
  /** Time of the last outcome, or of the command that ended an idle period. */
  movedAtMs: number;
  /** Times at which this process produced some of the offsets, oldest first. */
  samples: { offset: number; atMs: number }[];
}

const assumedRate = 200;
const rateMin = 0.01;
/** Time constant of the measured rate. */
const rateMemoryMs = 10_000;
/** Time from record to outcome with an empty queue: one batch. */
const baseEtaMs = 30;
const etaMaxMs = 3_600_000;
/** A partition with work but without an outcome for this long is stalled. Its earlier rate is then no estimate. */
const stalledAfterMs = 5_000;
const sampleEveryMs = 250;
const samplesMax = 512;

export function createPartitionProgress({
  partitions,
  clock,
}: {
  partitions: number;
  clock: Clock;
}): PartitionProgress {
  const states = Array.from({ length: partitions }, newState);
  const allKnown = Promise.withResolvers<void>();
  let unknown = partitions;
  let measuredAtMs = clock.monotonicMs();

  const advance = (partition: number, nextOffset: number): void => {
    const state = states[partition];
    if (state === undefined || (state.known && nextOffset <= state.published)) return;
    if (!state.known) {
      state.publishedAtMeasure = nextOffset;
      unknown--;
    }
    state.known = true;
    state.published = nextOffset;
    state.movedAtMs = clock.monotonicMs();
    if (unknown === 0) allKnown.resolve();
    if (state.end <= nextOffset) {
      state.end = nextOffset;
      state.caughtUp = true;
    }
    while (state.samples.length > 0 && state.samples[0]!.offset < nextOffset) state.samples.shift();
  };

  return {
    produced({ partition, offset }) {
      const state = states[partition];
      if (state === undefined || offset < state.end) return;
      const atMs = clock.monotonicMs();
      if (state.end <= state.published) {
        state.caughtUp = true;
        state.movedAtMs = atMs;
      }
      state.end = offset + 1;
      if (!state.known || offset < state.published) return;
      const last = state.samples.at(-1);
      if (state.samples.length < samplesMax && (last === undefined || atMs - last.atMs >= sampleEveryMs)) {
        state.samples.push({ offset, atMs });
      }
    },
    published: ({ partition, offset }) => advance(partition, offset + 1),
    publishedUpTo: advance,
    nextUnpublished: (partition) => (states[partition]?.known ? states[partition].published : null),
    queueOf({ partition, offset }) {
      const state = states[partition];
      const ahead = state?.known ? Math.max(0, offset - state.published) : 0;
      const rate = Math.max(state?.rate ?? assumedRate, rateMin);
      const stillMs = state === undefined ? 0 : stillMsOf(state, clock.monotonicMs());
      // A pause counts at once, even before the partition is stalled, because the rate still has its earlier value.
      const etaMs = Math.max(baseEtaMs + (ahead * 1000) / rate, stillMs);
      const stalledForMs = stillMs > stalledAfterMs ? stillMs : null;
      return { ahead, etaMs: Math.min(etaMaxMs, Math.ceil(etaMs)), stalledForMs };
    },
    lagMsOf: (partition) => lagOf(states[partition], clock.monotonicMs()),
    slowestLagMs: () => Math.max(0, ...lagsOf(states, clock.monotonicMs())),
    middleLagMs: () => lagsOf(states, clock.monotonicMs())[Math.floor(partitions / 2)] ?? 0,
    unknown: () => unknown,
    whenKnown: () => allKnown.promise,
    measure() {
      const nowMs = clock.monotonicMs();
      const spanMs = nowMs - measuredAtMs;
      if (spanMs <= 0) return;
      measuredAtMs = nowMs;
      for (const state of states) measureState(state, spanMs);
    },
  };
}

function newState(): PartitionState {
  return {
    published: 0,
    known: false,
    end: 0,
    rate: assumedRate,
    publishedAtMeasure: 0,
    caughtUp: true,
    movedAtMs: 0,
    samples: [],
  };
}

function measureState(state: PartitionState, spanMs: number): void {
  const seen = ((state.published - state.publishedAtMeasure) * 1000) / spanMs;
  const weight = 1 - Math.exp(-spanMs / rateMemoryMs);
  // If the partition was idle meanwhile, its capacity may be higher than the measured rate, never lower.
  if (!state.caughtUp || seen > state.rate) state.rate += weight * (seen - state.rate);
  state.publishedAtMeasure = state.published;
  state.caughtUp = state.end <= state.published;
}

function lagOf(state: PartitionState | undefined, nowMs: number): number {
  if (!state?.known || state.end <= state.published) return 0;
  const byRateMs = ((state.end - state.published) * 1000) / Math.max(state.rate, rateMin);
  const oldest = state.samples[0];
  return oldest === undefined ? byRateMs : Math.max(byRateMs, nowMs - oldest.atMs);
}

/** The lags of all partitions, the largest first. */
function lagsOf(states: readonly PartitionState[], nowMs: number): number[] {
  return states.map((state) => lagOf(state, nowMs)).sort((a, b) => b - a);
}

/** Time since the last progress of a partition with work, in whole ms; 0 for a partition without work. */
function stillMsOf(state: PartitionState, nowMs: number): number {
  return state.known && state.end > state.published ? Math.round(nowMs - state.movedAtMs) : 0;
}

/** Whole seconds until the next request: the ETA, but at least 1 and at most 60. */
export function retryAfterOf(etaMs: number): number {
  return Math.min(60, Math.max(1, Math.ceil(etaMs / 1000)));
}

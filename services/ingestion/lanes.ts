/**
 * Where each partition of the command log stands: what was produced, what has its outcome, and how fast that goes.
 * Fed by our own acknowledgements, by the tail of the result topic and by `lane_positions`; from it come queue
 * position, ETA, `Retry-After` and the lag that admission looks at.
 *
 * The rate of a lane is only measured while it had work all the time: an idle lane's rate says what came, not what it can do.
 */
import type { Clock } from '../shared/clock/index.ts';
import type { LogPosition } from './ticket.ts';

export interface Queue {
  readonly ahead: number;
  readonly etaMs: number;
}

export interface Lanes {
  /** A command was acknowledged here. */
  produced(position: LogPosition): void;
  /** The outcome of a command was seen in the result topic. */
  published(position: LogPosition): void;
  /** Every command below `nextOffset` has its outcome; from `lane_positions`. */
  publishedUpTo(partition: number, nextOffset: number): void;
  /** Offset of the first command without an outcome that is known of, or null before anything is known. */
  nextUnpublished(partition: number): number | null;
  /** How many commands stand in front of the position, and when its outcome is likely. */
  queueOf(position: LogPosition): Queue;
  /** How long an order taken in now would wait, in ms: the larger of the oldest wait and backlog by rate. */
  lagMs(): number;
  /** Measures the rates; called on a timer. */
  measure(): void;
}

interface Lane {
  published: number;
  known: boolean;
  end: number;
  /** Outcomes per second. */
  rate: number;
  publishedAtMeasure: number;
  caughtUp: boolean;
  /** Sparse (offset, time) marks of what was produced here, oldest first. */
  marks: { offset: number; atMs: number }[];
}

const assumedRate = 200;
const rateMin = 0.01;
/** Time constant of the measured rate. */
const rateMemoryMs = 10_000;
/** From record to outcome with an empty queue: one batch. */
const baseEtaMs = 30;
const etaMaxMs = 3_600_000;
const markEveryMs = 250;
const marksMax = 512;

export function createLanes({ partitions, clock }: { partitions: number; clock: Clock }): Lanes {
  const lanes = Array.from({ length: partitions }, newLane);
  let measuredAtMs = clock.monotonicMs();

  const advance = (partition: number, nextOffset: number): void => {
    const lane = lanes[partition];
    if (lane === undefined || (lane.known && nextOffset <= lane.published)) return;
    if (!lane.known) lane.publishedAtMeasure = nextOffset;
    lane.known = true;
    lane.published = nextOffset;
    if (lane.end <= nextOffset) {
      lane.end = nextOffset;
      lane.caughtUp = true;
    }
    while (lane.marks.length > 0 && lane.marks[0]!.offset < nextOffset) lane.marks.shift();
  };

  return {
    produced({ partition, offset }) {
      const lane = lanes[partition];
      if (lane === undefined || offset < lane.end) return;
      if (lane.end <= lane.published) lane.caughtUp = true;
      lane.end = offset + 1;
      if (!lane.known || offset < lane.published) return;
      const atMs = clock.monotonicMs();
      const last = lane.marks.at(-1);
      if (lane.marks.length < marksMax && (last === undefined || atMs - last.atMs >= markEveryMs)) {
        lane.marks.push({ offset, atMs });
      }
    },
    published: ({ partition, offset }) => advance(partition, offset + 1),
    publishedUpTo: advance,
    nextUnpublished: (partition) => (lanes[partition]?.known ? lanes[partition].published : null),
    queueOf({ partition, offset }) {
      const lane = lanes[partition];
      const ahead = lane?.known ? Math.max(0, offset - lane.published) : 0;
      const rate = Math.max(lane?.rate ?? assumedRate, rateMin);
      return { ahead, etaMs: Math.min(etaMaxMs, Math.ceil(baseEtaMs + (ahead * 1000) / rate)) };
    },
    lagMs: () => lagOf(lanes, clock.monotonicMs()),
    measure() {
      const nowMs = clock.monotonicMs();
      const spanMs = nowMs - measuredAtMs;
      if (spanMs <= 0) return;
      measuredAtMs = nowMs;
      for (const lane of lanes) measureLane(lane, spanMs);
    },
  };
}

function newLane(): Lane {
  return {
    published: 0,
    known: false,
    end: 0,
    rate: assumedRate,
    publishedAtMeasure: 0,
    caughtUp: true,
    marks: [],
  };
}

function measureLane(lane: Lane, spanMs: number): void {
  const seen = ((lane.published - lane.publishedAtMeasure) * 1000) / spanMs;
  const weight = 1 - Math.exp(-spanMs / rateMemoryMs);
  // A lane that was empty in between could have done more than was asked of it, never less.
  if (!lane.caughtUp || seen > lane.rate) lane.rate += weight * (seen - lane.rate);
  lane.publishedAtMeasure = lane.published;
  lane.caughtUp = lane.end <= lane.published;
}

function lagOf(lanes: readonly Lane[], nowMs: number): number {
  let backlog = 0;
  let rate = 0;
  let oldestMs = 0;
  for (const lane of lanes) {
    if (!lane.known || lane.end <= lane.published) continue;
    backlog += lane.end - lane.published;
    rate += Math.max(lane.rate, rateMin);
    const oldest = lane.marks[0];
    if (oldest !== undefined) oldestMs = Math.max(oldestMs, nowMs - oldest.atMs);
  }
  return backlog === 0 ? 0 : Math.max(oldestMs, (backlog * 1000) / rate);
}

/** Whole seconds to wait before asking again: the ETA, at least one, at most a minute. */
export function retryAfterOf(etaMs: number): number {
  return Math.min(60, Math.max(1, Math.ceil(etaMs / 1000)));
}

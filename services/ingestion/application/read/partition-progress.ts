/**
 * Where each partition of the command log stands: what was produced, what has its outcome, and how fast that goes.
 * Fed by our own acknowledgements, by the tail of the result topic and by `lane_positions`; from it come queue
 * position, ETA, `Retry-After` and the lag that admission looks at, lane by lane: one that stands still says nothing about
 * the others.
 *
 * The rate of a lane is only measured while it had work all the time: an idle lane's rate says what came, not what it can do.
 */
import type { Clock } from '../../../shared/clock/index.ts';
import type { LogPosition } from '../common/ticket.ts';

export interface Queue {
  readonly ahead: number;
  readonly etaMs: number;
  /** For how long no outcome has come out of the lane, where that is long: `etaMs` is then the least. */
  readonly stalledForMs: number | null;
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
  /** The number of commands ahead of the position, and the estimated time of its outcome. */
  queueOf(position: LogPosition): Queue;
  /** How long an order taken in now would wait in this lane, in ms: the larger of the oldest wait and backlog by rate. */
  lagMsOf(partition: number): number;
  /** That of the slowest lane. */
  slowestLagMs(): number;
  /** That of the lane in the middle: half of the lanes are at least as slow. */
  middleLagMs(): number;
  /** Lanes of which nothing is known yet. */
  unknown(): number;
  /** Resolves once there are none. */
  whenKnown(): Promise<void>;
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
  /** The last outcome, or the command that ended a time without work. */
  movedAtMs: number;
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
/** A lane with work but without an outcome for this long is stalled: its earlier rate is no estimate. */
const stalledAfterMs = 5_000;
const markEveryMs = 250;
const marksMax = 512;

export function createLanes({ partitions, clock }: { partitions: number; clock: Clock }): Lanes {
  const lanes = Array.from({ length: partitions }, newLane);
  const allKnown = Promise.withResolvers<void>();
  let unknown = partitions;
  let measuredAtMs = clock.monotonicMs();

  const advance = (partition: number, nextOffset: number): void => {
    const lane = lanes[partition];
    if (lane === undefined || (lane.known && nextOffset <= lane.published)) return;
    if (!lane.known) {
      lane.publishedAtMeasure = nextOffset;
      unknown--;
    }
    lane.known = true;
    lane.published = nextOffset;
    lane.movedAtMs = clock.monotonicMs();
    if (unknown === 0) allKnown.resolve();
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
      const atMs = clock.monotonicMs();
      if (lane.end <= lane.published) {
        lane.caughtUp = true;
        lane.movedAtMs = atMs;
      }
      lane.end = offset + 1;
      if (!lane.known || offset < lane.published) return;
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
      const stillMs = lane === undefined ? 0 : stillMsOf(lane, clock.monotonicMs());
      // A lane that has stopped counts at once, not only when it is stalled: its rate is that of before.
      const etaMs = Math.max(baseEtaMs + (ahead * 1000) / rate, stillMs);
      const stalledForMs = stillMs > stalledAfterMs ? stillMs : null;
      return { ahead, etaMs: Math.min(etaMaxMs, Math.ceil(etaMs)), stalledForMs };
    },
    lagMsOf: (partition) => lagOf(lanes[partition], clock.monotonicMs()),
    slowestLagMs: () => Math.max(0, ...lagsOf(lanes, clock.monotonicMs())),
    middleLagMs: () => lagsOf(lanes, clock.monotonicMs())[Math.floor(partitions / 2)] ?? 0,
    unknown: () => unknown,
    whenKnown: () => allKnown.promise,
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
    movedAtMs: 0,
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

function lagOf(lane: Lane | undefined, nowMs: number): number {
  if (!lane?.known || lane.end <= lane.published) return 0;
  const byRateMs = ((lane.end - lane.published) * 1000) / Math.max(lane.rate, rateMin);
  const oldest = lane.marks[0];
  return oldest === undefined ? byRateMs : Math.max(byRateMs, nowMs - oldest.atMs);
}

/** Of all lanes, the largest first. */
function lagsOf(lanes: readonly Lane[], nowMs: number): number[] {
  return lanes.map((lane) => lagOf(lane, nowMs)).sort((a, b) => b - a);
}

/** For how long a lane with work has had no outcome, in whole ms; 0 for a lane without work. */
function stillMsOf(lane: Lane, nowMs: number): number {
  return lane.known && lane.end > lane.published ? Math.round(nowMs - lane.movedAtMs) : 0;
}

/** Whole seconds to wait before asking again: the ETA, at least one, at most a minute. */
export function retryAfterOf(etaMs: number): number {
  return Math.min(60, Math.max(1, Math.ceil(etaMs / 1000)));
}

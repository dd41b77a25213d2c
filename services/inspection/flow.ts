/** How many commands arrive and leave, from two readings of the lanes. */
import type { LaneStanding } from './lanes.ts';

/** The lanes at one moment. */
export interface LaneReading {
  /** A clock that never goes back, in ms. */
  readonly monotonicMs: number;
  readonly lanes: readonly Pick<LaneStanding, 'partition' | 'end' | 'published' | 'lag'>[];
}

interface LaneFlow {
  readonly partition: number;
  /** Commands per second that were appended to the log. */
  readonly arrivalRate: number;
  /** Commands per second that got a published outcome. */
  readonly outcomeRate: number;
}

export interface Flow {
  /** Time between the readings, in seconds. */
  readonly seconds: number;
  readonly arrivalRate: number;
  readonly outcomeRate: number;
  /** Commands without a published outcome at the second reading. */
  readonly backlog: number;
  /** Time until the backlog is empty at these rates, in seconds; null if it does not shrink. */
  readonly drainSeconds: number | null;
  readonly lanes: readonly LaneFlow[];
}

/**
 * What happened between two readings. A lane that went back, because its log was recreated or its position was moved,
 * counts as 0. @throws RangeError if the second reading is not later
 */
export function flowBetween(before: LaneReading, after: LaneReading): Flow {
  const seconds = (after.monotonicMs - before.monotonicMs) / 1_000;
  if (seconds <= 0) throw new RangeError('the second reading must be later');
  const earlier = new Map(before.lanes.map((lane) => [lane.partition, lane]));
  const lanes = after.lanes.map(({ partition, end, published }) => {
    const lane = earlier.get(partition);
    const rate = (from: number, to: number): number => Math.max(0, to - from) / seconds;
    return {
      partition,
      arrivalRate: lane === undefined ? 0 : rate(lane.end, end),
      outcomeRate: lane === undefined ? 0 : rate(lane.published, published),
    };
  });
  const arrivalRate = sum(lanes.map((lane) => lane.arrivalRate));
  const outcomeRate = sum(lanes.map((lane) => lane.outcomeRate));
  const backlog = sum(after.lanes.map(({ lag }) => lag));
  return {
    seconds,
    arrivalRate,
    outcomeRate,
    backlog,
    drainSeconds: drain(backlog, outcomeRate - arrivalRate),
    lanes,
  };
}

function drain(backlog: number, netRate: number): number | null {
  if (backlog === 0) return 0;
  return netRate > 0 ? backlog / netRate : null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

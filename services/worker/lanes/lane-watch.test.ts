import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLifecycle, type Lifecycle } from '../../shared/lifecycle/index.ts';
import { noMetrics } from '../../shared/metrics/index.ts';
import { commitTo, openLane, publishUnacknowledged, recordsOf, silent } from '../testing/fakes.ts';
import type { Lane } from './lane.ts';
import type { LaneSnapshot } from './lane-types.ts';
import { watchLanes } from './lane-watch.ts';

let lanes: Lane[];
let lifecycle: Lifecycle;
let fatal: unknown[];
let reported: ReadonlyMap<Lane, LaneSnapshot>;
let stopWatching: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  lanes = [openLane(0, 3), openLane(1, 3)];
  lifecycle = createLifecycle({ log: silent, service: 'worker' });
  lifecycle.ready();
  fatal = [];
  stopWatching = watchLanes({
    lanes: () => lanes,
    report: {
      update: async (snapshots) => {
        reported = snapshots;
      },
    },
    lifecycle,
    metrics: noMetrics,
    log: silent,
    fatal: (error) => fatal.push(error),
  });
});

afterEach(() => {
  stopWatching();
  vi.useRealTimers();
});

/** The first lane makes progress; the test decides about the second. */
function pass(seconds: number): void {
  for (let n = 0; n < seconds; n++) {
    commitTo(lanes[0]!, lanes[0]!.position.nextOffset + 1);
    lanes[0]!.fetched(recordsOf(lanes[0]!.fetchOffset, lanes[0]!.fetchOffset + 1));
    vi.advanceTimersByTime(1_000);
  }
}

describe('a lane that holds records and makes no progress', () => {
  it('fails liveness, then ends the process, when there is no known reason', () => {
    pass(59);
    expect(lifecycle.liveness().alive).toBe(true);
    pass(5);
    expect(lifecycle.liveness()).toEqual({
      alive: false,
      problems: ['lanes: lane 1 does not move, for no known reason'],
    });
    expect(fatal).toEqual([]);
    pass(60);
    expect(fatal).toMatchObject([{ code: 'LANE_STUCK', details: { partition: 1, held: 3 } }]);
  });

  it('is not ready, but causes no restart, while it waits for a known reason', () => {
    lanes[1]!.decideFailed('the database is away');
    pass(200);
    expect(lifecycle.liveness().alive).toBe(true);
    expect(lifecycle.readiness().problems).toEqual(['lanes: lane 1 waits at decide: the database is away']);
    expect(reported.get(lanes[0]!)?.wait).toBeNull();
    expect(reported.get(lanes[1]!)?.wait).toMatchObject({ place: 'decide' });
    expect(fatal).toEqual([]);
    commitTo(lanes[1]!, 1);
    pass(1);
    expect(lifecycle.readiness()).toEqual({ ready: true, problems: [] });
    expect(reported.get(lanes[1]!)?.wait).toBeNull();
  });

  it('counts from its last progress, and does not report a short wait', () => {
    pass(50);
    commitTo(lanes[1]!, 1);
    publishUnacknowledged(lanes[1]!);
    lanes[1]!.publishFailed('Kafka is away');
    pass(2);
    expect(lifecycle.readiness().ready).toBe(true);
    lanes[1]!.acknowledged(0, 1);
    pass(50);
    expect(lifecycle.liveness().alive).toBe(true);
  });

  it('is left to its successor when it is closed', () => {
    pass(70);
    lanes = [lanes[0]!];
    pass(1);
    expect(lifecycle.liveness().alive).toBe(true);
  });

  it('is listed first if it needs an operator', () => {
    lanes[0]!.publishFailed('Kafka is away');
    lanes[1]!.stop('the log was truncated');
    pass(5);
    expect(lifecycle.readiness().problems).toEqual([
      'lanes: lane 1 is stopped: the log was truncated, and 1 more',
    ]);
  });
});

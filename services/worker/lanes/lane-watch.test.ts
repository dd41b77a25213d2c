import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLifecycle, type Lifecycle } from '../../shared/lifecycle/index.ts';
import { noMetrics } from '../../shared/metrics/index.ts';
import { openLane, silent } from '../testing/fakes.ts';
import type { Wait } from '../waits/lane-waits.ts';
import type { Lane } from './lane.ts';
import { watchLanes } from './lane-watch.ts';

let lanes: Lane[];
let lifecycle: Lifecycle;
let fatal: unknown[];
let reported: ReadonlyMap<Lane, Wait | null>;
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
      update: async (waits) => {
        reported = waits;
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

/** The first lane goes on; the second does what the test makes it do. */
function pass(seconds: number): void {
  for (let n = 0; n < seconds; n++) {
    lanes[0]!.nextOffset += 1;
    vi.advanceTimersByTime(1_000);
  }
}

describe('a lane that holds records and does not move', () => {
  it('fails liveness, then ends the process, when nobody knows why', () => {
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

  it('is not ready and no reason for a restart while it waits for something known', () => {
    lanes[1]!.waits.begin('decide', 'the database is away');
    pass(200);
    expect(lifecycle.liveness().alive).toBe(true);
    expect(lifecycle.readiness().problems).toEqual(['lanes: lane 1 waits at decide: the database is away']);
    expect(reported.get(lanes[0]!)).toBeNull();
    expect(reported.get(lanes[1]!)).toMatchObject({ place: 'decide' });
    expect(fatal).toEqual([]);
    lanes[1]!.advance(1, []);
    pass(1);
    expect(lifecycle.readiness()).toEqual({ ready: true, problems: [] });
    expect(reported.get(lanes[1]!)).toBeNull();
  });

  it('counts from its last move, and says nothing of a wait that is over at once', () => {
    pass(50);
    lanes[1]!.advance(1, []);
    lanes[1]!.waits.begin('publish', 'Kafka is away');
    pass(2);
    expect(lifecycle.readiness().ready).toBe(true);
    lanes[1]!.waits.end('publish');
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
    lanes[0]!.waits.begin('publish', 'Kafka is away');
    lanes[1]!.stop('the log was truncated');
    pass(5);
    expect(lifecycle.readiness().problems).toEqual([
      'lanes: lane 1 is stopped: the log was truncated, and 1 more',
    ]);
  });
});

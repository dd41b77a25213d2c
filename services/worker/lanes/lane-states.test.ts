import { describe, expect, it, test } from 'vitest';
import { heldOffsets, newLane, recordsOf } from '../testing/fakes.ts';
import type { Lane } from './lane.ts';
import { assertStateChange, type LaneState, nextStates } from './lane-states.ts';

const states: readonly LaneState[] = ['claiming', 'running', 'stopped', 'closed'];
const start = { epoch: 3, nextOffset: 0, publishedOffset: 0 };

/** Creates a lane in each state, with two fetched records. */
const laneIn: Record<LaneState, () => Lane> = {
  claiming() {
    const { lane } = newLane();
    lane.fetched(recordsOf(0, 2));
    return lane;
  },
  running() {
    const lane = laneIn.claiming();
    lane.claimed(start, null);
    return lane;
  },
  stopped() {
    const lane = laneIn.running();
    lane.stop('why', 'outOfRange');
    return lane;
  },
  closed() {
    const lane = laneIn.stopped();
    lane.close();
    return lane;
  },
};

/** All events of a lane. */
const events: Record<string, (lane: Lane) => unknown> = {
  claimed: (lane) => lane.claimed({ ...start, epoch: 4 }, null),
  fenceLost: (lane) => lane.fenceLost(),
  stop: (lane) => lane.stop('another reason'),
  causeGone: (lane) => lane.causeGone(),
  close: (lane) => lane.close(),
};

const legal = new Set([
  'claiming → running',
  'claiming → stopped',
  'claiming → closed',
  'running → claiming',
  'running → stopped',
  'running → closed',
  'stopped → claiming',
  'stopped → closed',
]);
const pairs = states.flatMap((from) => states.map((to) => [from, to] as const));

describe('the table of state changes', () => {
  test.each(pairs)('%s → %s', (from, to) => {
    const change = () => assertStateChange(7, from, to);
    if (legal.has(`${from} → ${to}`)) expect(change).not.toThrow();
    else expect(change).toThrow(`lane 7 cannot change from ${from} to ${to}`);
  });

  test('has exactly the changes that events cause', () => {
    const reached = states.flatMap((from) =>
      Object.values(events).flatMap((happens) => {
        const lane = laneIn[from]();
        happens(lane);
        return lane.state === from ? [] : [`${from} → ${lane.state}`];
      }),
    );
    expect(new Set(reached)).toEqual(legal);
    expect(Object.keys(nextStates)).toEqual(states);
  });
});

describe('an event changes the state of a lane only where it applies', () => {
  test.each<[event: string, after: Record<LaneState, LaneState>]>([
    ['claimed', { claiming: 'running', running: 'running', stopped: 'stopped', closed: 'closed' }],
    ['fenceLost', { claiming: 'claiming', running: 'claiming', stopped: 'stopped', closed: 'closed' }],
    ['stop', { claiming: 'stopped', running: 'stopped', stopped: 'stopped', closed: 'closed' }],
    ['causeGone', { claiming: 'claiming', running: 'running', stopped: 'claiming', closed: 'closed' }],
    ['close', { claiming: 'closed', running: 'closed', stopped: 'closed', closed: 'closed' }],
  ])('%s', (event, after) => {
    for (const from of states) {
      const lane = laneIn[from]();
      events[event]!(lane);
      expect([from, lane.state]).toEqual([from, after[from]]);
    }
  });
});

describe('a lane', () => {
  it('buffers records during its claim, and is ready only after it', () => {
    const lane = laneIn.claiming();
    expect([lane.isReady(performance.now()), lane.heldRecords]).toEqual([false, 2]);
    expect(lane.claimed(start, null)).toBe(true);
    expect([lane.isReady(performance.now()), lane.position.epoch]).toEqual([true, 3]);
  });

  it('keeps its epoch and its reason while stopped, until it loses the fence', () => {
    const lane = laneIn.stopped();
    expect(lane.claimed({ ...start, epoch: 4 }, null)).toBe(false);
    expect([lane.position.epoch, lane.isHeld]).toEqual([3, true]);
    expect(lane.stopReason).toEqual({ why: 'why', code: 'outOfRange' });
    lane.fenceLost();
    expect([lane.state, lane.isHeld]).toEqual(['stopped', false]);
    lane.causeGone();
    expect(lane.stopReason).toBeNull();
  });

  it('accepts no records while stopped, and keeps its records', () => {
    const lane = laneIn.stopped();
    lane.fetched(recordsOf(2, 4));
    expect([heldOffsets(lane), lane.isReady(performance.now())]).toEqual([[0, 1], false]);
  });

  it('is empty and never changes again after it is closed', () => {
    const lane = laneIn.closed();
    for (const happens of Object.values(events)) happens(lane);
    lane.fetched(recordsOf(2, 4));
    expect([lane.state, lane.heldRecords, lane.stopReason, lane.isHeld]).toEqual(['closed', 0, null, false]);
  });
});

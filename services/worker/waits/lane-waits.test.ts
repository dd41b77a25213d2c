import { describe, expect, it } from 'vitest';
import { commitTo, newLane, openLane, publishAndAcknowledge } from '../testing/fakes.ts';
import { LaneWaits } from './lane-waits.ts';

describe('the waits of a lane', () => {
  it('keep their start time over retries, and count them', () => {
    const waits = new LaneWaits();
    const first = waits.begin('decide', 'the database is away');
    const second = waits.begin('decide', 'the database is read-only');
    expect(second).toEqual({ ...first, why: 'the database is read-only', tries: 2 });
    waits.end('decide');
    expect(waits.current).toBeNull();
    expect(waits.begin('decide', 'again').tries).toBe(1);
  });

  it('show a wait that needs an operator before any other wait', () => {
    const waits = new LaneWaits();
    waits.begin('publish', 'Kafka is away');
    waits.begin('decide', 'this version does not decide it', true);
    expect(waits.current?.place).toBe('decide');
    waits.end('decide');
    expect(waits.current?.place).toBe('publish');
  });

  it('end at the stage that continues, and at no other stage', () => {
    const lane = openLane(0, 3);
    lane.publishFailed('Kafka is away');
    lane.blocked('a record cannot be processed', { needsOperator: true, alone: true });
    expect([lane.retriesAlone, lane.isReady(performance.now())]).toEqual([true, false]);
    commitTo(lane, 1);
    expect([lane.retriesAlone, lane.snapshot().wait?.place]).toEqual([false, 'publish']);
    publishAndAcknowledge(lane, 0, 1);
    expect(lane.snapshot().wait).toBeNull();
  });

  it('end with a claim, and give the reason of a stopped lane', () => {
    const { lane } = newLane();
    lane.claimFailed('the group has not confirmed it');
    lane.claimed({ epoch: 1, nextOffset: 0, publishedOffset: 0 }, null);
    expect(lane.snapshot().wait).toBeNull();
    lane.stop('the log was truncated');
    expect(lane.snapshot().wait).toMatchObject({
      place: 'stopped',
      why: 'the log was truncated',
      needsOperator: true,
    });
  });
});

import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { GroupConsumer, GroupHandlers } from '../../shared/kafka/index.ts';
import { recordsOf, silent } from '../testing/fakes.ts';
import type { Lane } from './lane.ts';
import { PartitionAssignment } from './partition-assignment.ts';

const topic = 'orders.commands.v1';
const parts = (...partitions: number[]) => partitions.map((partition) => ({ topic, partition }));

function createWorld() {
  const events: string[] = [];
  const claims: { partitions: number[]; lanes: readonly Lane[]; finish(): void }[] = [];
  const assignment = new PartitionAssignment({
    topic,
    log: silent,
    claim(lanes) {
      const done = Promise.withResolvers<void>();
      claims.push({ partitions: lanes.map(({ partition }) => partition), lanes, finish: done.resolve });
      return done.promise;
    },
    onGained: (lane) => events.push(`gained ${lane.partition}`),
    onLost: async (lane) => void events.push(`lost ${lane.partition} ${lane.state}`),
    onWork: () => undefined,
  });
  const note = (word: string) => (_topic: string, partition: number, offset?: bigint) =>
    void events.push(`${word} ${partition}${offset === undefined ? '' : ` ${offset}`}`);
  assignment.attach({
    pause: note('pause'),
    resume: note('resume'),
    seek: note('seek'),
  } as Partial<GroupConsumer> as GroupConsumer);
  const handlers: GroupHandlers = assignment.handlers(
    () => undefined,
    () => undefined,
  );
  let generation = 0;
  const join = (change: { gained?: number[]; lost?: number[] }) =>
    handlers.onAssigned({
      generation: ++generation,
      assigned: [],
      gained: parts(...(change.gained ?? [])),
      lost: parts(...(change.lost ?? [])),
    });
  return { assignment, handlers, events, claims, join };
}

const opened = { epoch: 1, nextOffset: 0, publishedOffset: 0 };

describe('the partition assignment', () => {
  it('pauses gained partitions, and claims them after the first heartbeat of the join', () => {
    const { handlers, events, claims, join } = createWorld();
    join({ gained: [1, 2] });
    expect(events).toEqual(['pause 1', 'gained 1', 'pause 2', 'gained 2']);
    expect(claims).toEqual([]);
    handlers.onHeartbeat!(1);
    expect(claims.map(({ partitions }) => partitions)).toEqual([[1, 2]]);
    handlers.onHeartbeat!(1);
    expect(claims).toHaveLength(1);
  });

  it('keeps a lane unchanged through a rebalance if it stays assigned', () => {
    const { assignment, handlers, claims, join } = createWorld();
    join({ gained: [1] });
    handlers.onHeartbeat!(1);
    const lane = assignment.lanes.get(1)!;
    lane.claimed(opened, null);
    join({});
    expect([assignment.lanes.get(1), lane.state]).toEqual([lane, 'running']);
    handlers.onHeartbeat!(2);
    expect(claims).toHaveLength(1);
  });

  it('closes a lost lane before the listeners are called, and does not claim it again', () => {
    const { assignment, handlers, events, claims, join } = createWorld();
    join({ gained: [1] });
    const lane = assignment.lanes.get(1)!;
    join({ lost: [1] });
    expect(events.at(-1)).toBe('lost 1 closed');
    handlers.onHeartbeat!(2);
    handlers.onRecords(topic, 1, recordsOf(0, 3), 3n);
    expect([claims, lane.heldRecords, assignment.lanes.size]).toEqual([[], 0, 0]);
  });

  it('restarts a partition that was lost and regained in one join', () => {
    const { assignment, join } = createWorld();
    join({ gained: [1] });
    const before = assignment.lanes.get(1)!;
    join({ lost: [1], gained: [1] });
    const after = assignment.lanes.get(1)!;
    expect([before.state, after.state, after === before]).toEqual(['closed', 'claiming', false]);
  });

  it('starts new claims only after the running ones have ended', async () => {
    const { handlers, claims, join } = createWorld();
    join({ gained: [1] });
    handlers.onHeartbeat!(1);
    join({ gained: [2] });
    handlers.onHeartbeat!(2);
    expect(claims).toHaveLength(1);
    claims[0]!.finish();
    await turn();
    handlers.onHeartbeat!(2);
    expect(claims.map(({ partitions }) => partitions)).toEqual([[1], [2]]);
  });

  it('claims a fenced lane again at a later heartbeat, if it is still assigned', async () => {
    const { assignment, handlers, claims, join } = createWorld();
    join({ gained: [1, 2] });
    handlers.onHeartbeat!(1);
    claims[0]!.finish();
    await turn();
    const [kept, gone] = [assignment.lanes.get(1)!, assignment.lanes.get(2)!];
    for (const lane of [kept, gone]) lane.claimed(opened, null);
    const reclaiming = assignment.reclaim(kept);
    expect(kept.state).toBe('claiming');
    handlers.onHeartbeat!(1);
    expect(claims).toHaveLength(1);
    await reclaiming;
    join({ lost: [2] });
    await assignment.reclaim(gone);
    handlers.onHeartbeat!(2);
    expect(claims.map(({ partitions }) => partitions)).toEqual([[1, 2], [1]]);
  });

  it('fetches an opened lane from the position in the database', () => {
    const { assignment, events, join } = createWorld();
    join({ gained: [1] });
    const lane = assignment.lanes.get(1)!;
    lane.claimed({ ...opened, nextOffset: 7 }, null);
    events.length = 0;
    assignment.opened(lane);
    expect(events).toEqual(['seek 1 7', 'resume 1']);
  });

  it('fetches again from a missing offset, and stops a lane whose position is not in the log', () => {
    const { assignment, handlers, events, join } = createWorld();
    join({ gained: [1] });
    assignment.lanes.get(1)!.claimed(opened, null);
    handlers.onRecords(topic, 1, recordsOf(3, 5), 5n);
    expect(events.at(-1)).toBe('seek 1 0');
    handlers.onOutOfRange!(topic, 1, 0n);
    expect(assignment.lanes.get(1)!.state).toBe('stopped');
  });

  it('makes no claims after it stops', () => {
    const { assignment, handlers, claims, join } = createWorld();
    join({ gained: [1] });
    assignment.stop();
    handlers.onHeartbeat!(1);
    expect(claims).toEqual([]);
  });
});

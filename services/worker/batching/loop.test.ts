import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LaneBatch } from '../lanes/batch.ts';
import type { Lane } from '../lanes/lane.ts';
import { commitTo, openLane, publishAndAcknowledge, recordsOf } from '../testing/fakes.ts';
import { Loop } from './loop.ts';
import type { Writer } from './writer.ts';

const limits = { recordsMax: 300, bytesMax: 1_000_000 };
/** Milliseconds: longer than any wait of the loop. */
const longMs = 60_000;

interface FakeWriter extends Writer {
  readonly batches: LaneBatch[][];
  readonly settled: (readonly Lane[])[];
  /** Ends the task that the writer runs. */
  end(): void;
  isBusy(): boolean;
}

/** A writer that runs until `end`, and then removes the records from their lanes. */
function createFakeWriter(): FakeWriter {
  const batches: LaneBatch[][] = [];
  const settled: (readonly Lane[])[] = [];
  let finish: (() => void) | null = null;
  const busy = () =>
    new Promise<void>((resolve) => {
      expect(finish).toBeNull();
      finish = resolve;
    });
  return {
    batches,
    settled,
    async commit(batch) {
      batches.push(batch);
      await busy();
      for (const { lane, to } of batch) commitTo(lane, to);
    },
    async cleanUp(lanes) {
      settled.push(lanes);
      await busy();
      for (const lane of lanes) lane.rowsDeleted(lane.ackedRows);
    },
    keepAlive: async () => undefined,
    close: async () => undefined,
    end() {
      const resolve = finish;
      finish = null;
      resolve?.();
    },
    isBusy: () => finish !== null,
  };
}

const taken = (writer: FakeWriter) =>
  writer.batches.map((batch) => batch.map(({ lane, records }) => [lane.partition, records.length]));

let loop: Loop;
let writers: FakeWriter[];

/** Runs all callbacks that need no timer. */
const soon = () => vi.advanceTimersByTimeAsync(0);

function start(count: number, lanes: readonly Lane[], change: Partial<typeof limits> = {}): Promise<unknown> {
  writers = Array.from({ length: count }, createFakeWriter);
  loop = new Loop(writers, { ...limits, ...change });
  for (const lane of lanes) loop.add(lane);
  return soon();
}

async function end(writer: FakeWriter): Promise<void> {
  writer.end();
  await soon();
}

function feed(lane: Lane, count: number): void {
  const from = lane.fetchOffset;
  lane.fetched(recordsOf(from, from + count, { partition: lane.partition }));
  loop.wake();
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(async () => {
  const stopped = loop.stop();
  for (const writer of writers) writer.end();
  await stopped;
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('few pending records', () => {
  it('go into one transaction, whatever their lanes', async () => {
    await start(
      3,
      [0, 1, 2, 3].map((partition) => openLane(partition, 5)),
    );
    expect(writers.map(taken)).toEqual([
      [
        [
          [0, 5],
          [1, 5],
          [2, 5],
          [3, 5],
        ],
      ],
      [],
      [],
    ]);
  });

  it('wait for the running transaction, and go into the next one together', async () => {
    const lanes = [openLane(0, 5), openLane(1, 0), openLane(2, 0)];
    await start(2, lanes);
    feed(lanes[1]!, 4);
    await soon();
    feed(lanes[2]!, 3);
    feed(lanes[0]!, 2);
    await soon();
    expect(taken(writers[1]!)).toEqual([]);
    await end(writers[0]!);
    expect(taken(writers[0]!).slice(1)).toEqual([
      [
        [1, 4],
        [2, 3],
        [0, 2],
      ],
    ]);
    expect(taken(writers[1]!)).toEqual([]);
  });

  it('wait five milliseconds at most, because a lock may block the running transaction', async () => {
    const lanes = [openLane(0, 5), openLane(1, 0)];
    await start(2, lanes);
    feed(lanes[1]!, 1);
    await vi.advanceTimersByTimeAsync(4);
    feed(lanes[1]!, 1);
    expect(taken(writers[1]!)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(taken(writers[1]!)).toEqual([[[1, 2]]]);
  });

  it('wait again for each transaction', async () => {
    const lanes = [openLane(0, 5), openLane(1, 0), openLane(2, 0)];
    await start(3, lanes);
    feed(lanes[1]!, 1);
    await vi.advanceTimersByTimeAsync(5);
    feed(lanes[2]!, 1);
    await vi.advanceTimersByTimeAsync(4);
    expect(taken(writers[2]!)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(taken(writers[2]!)).toEqual([[[2, 1]]]);
  });
});

describe('many pending records', () => {
  it('are shared by the idle writers, each lane in one batch', async () => {
    await start(
      3,
      [0, 1, 2, 3, 4, 5].map((partition) => openLane(partition, 400)),
    );
    expect(writers.map(taken)).toEqual([
      [
        [
          [0, 150],
          [1, 150],
        ],
      ],
      [
        [
          [2, 150],
          [3, 150],
        ],
      ],
      [
        [
          [4, 150],
          [5, 150],
        ],
      ],
    ]);
    await end(writers[1]!);
    expect(taken(writers[1]!)[1]).toEqual([
      [2, 150],
      [3, 150],
    ]);
  });

  it('do not wait for the running transaction', async () => {
    const lanes = [openLane(0, 5), openLane(1, 0)];
    await start(2, lanes);
    feed(lanes[1]!, 100);
    await soon();
    expect(taken(writers[1]!)).toEqual([[[1, 100]]]);
  });

  it('skip no lane: a lane that was not in the last batch comes first', async () => {
    const lanes = [0, 1, 2].map((partition) => openLane(partition, 2));
    await start(1, lanes, { recordsMax: 1 });
    for (let turn = 0; turn < 5; turn++) await end(writers[0]!);
    expect(taken(writers[0]!).map(([first]) => first![0])).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it('of a blocked lane block no other lane', async () => {
    const lanes = [openLane(0, 3), openLane(1, 0)];
    await start(2, lanes);
    for (let turn = 0; turn < 3; turn++) {
      feed(lanes[1]!, 100);
      await soon();
      await end(writers[1]!);
    }
    expect([taken(writers[0]!), taken(writers[1]!)]).toEqual([
      [[[0, 3]]],
      [[[1, 100]], [[1, 100]], [[1, 100]]],
    ]);
  });
});

describe('a lane that leaves', () => {
  it('is waited for while its batch is in flight', async () => {
    const lane = openLane(0, 3);
    await start(2, [lane, openLane(1, 1)]);
    let removed = false;
    const removing = loop.remove(lane).then(() => {
      removed = true;
    });
    feed(lane, 3);
    await soon();
    expect(removed).toBe(false);
    await end(writers[0]!);
    await removing;
    await vi.advanceTimersByTimeAsync(longMs);
    expect(taken(writers[0]!)).toHaveLength(1);
  });

  it('leaves at once if it is in no batch', async () => {
    const lane = openLane(1, 0);
    await start(1, [openLane(0, 3), lane]);
    await loop.remove(lane);
    expect(writers[0]!.isBusy()).toBe(true);
  });
});

describe('acknowledged rows', () => {
  const acknowledged = (partition: number, held = 0) => {
    const lane = openLane(partition, held);
    publishAndAcknowledge(lane, 0, 0);
    return lane;
  };

  it('of idle lanes are deleted after a while, and no other writer takes these lanes meanwhile', async () => {
    const lane = acknowledged(1);
    await start(2, [openLane(0, 0), lane]);
    await vi.advanceTimersByTimeAsync(99);
    expect(writers[0]!.settled).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(writers[0]!.settled).toEqual([[lane]]);
    feed(lane, 200);
    await soon();
    expect(writers.map(taken)).toEqual([[], []]);
    await end(writers[0]!);
    expect(taken(writers[0]!)).toEqual([[[1, 200]]]);
    expect(lane.ackedRows).toEqual([]);
  });

  it('of a lane in a batch are deleted with that batch', async () => {
    const idle = acknowledged(1);
    await start(2, [acknowledged(0, 3), idle]);
    await vi.advanceTimersByTimeAsync(100);
    expect(writers[1]!.settled).toEqual([[idle]]);
  });

  it('that are acknowledged after a stop are deleted on request', async () => {
    const lane = acknowledged(1);
    await start(1, [openLane(0, 0), lane]);
    await loop.stop();
    let settled = false;
    void loop.cleanUp().then(() => {
      settled = true;
    });
    await soon();
    expect(writers[0]!.settled).toEqual([[lane]]);
    expect(settled).toBe(false);
    await end(writers[0]!);
    expect(settled).toBe(true);
    expect(lane.ackedRows).toEqual([]);
    await loop.cleanUp();
    expect(writers[0]!.settled).toHaveLength(1);
  });

  it('are kept while no writer is idle', async () => {
    await start(1, [openLane(0, 3), acknowledged(1)]);
    await vi.advanceTimersByTimeAsync(longMs);
    expect(writers[0]!.settled).toEqual([]);
  });
});

it('stops after the batches in flight, and starts no more', async () => {
  const lane = openLane(0, 1);
  await start(1, [lane]);
  let stopped = false;
  const stopping = loop.stop().then(() => {
    stopped = true;
  });
  feed(lane, 5);
  await soon();
  expect(stopped).toBe(false);
  await end(writers[0]!);
  await stopping;
  await vi.advanceTimersByTimeAsync(longMs);
  expect(taken(writers[0]!)).toHaveLength(1);
});

it('processes every record once and in order, for any arrival order', async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('feed' as const),
      at: fc.nat({ max: 4 }),
      count: fc.integer({ min: 1, max: 150 }),
    }),
    fc.record({ kind: fc.constant('end' as const), at: fc.nat({ max: 2 }) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 7 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const lanes = [0, 1, 2, 3, 4].map((partition) => openLane(partition, 0));
      await start(3, lanes);
      for (const now of steps) {
        if (now.kind === 'feed') feed(lanes[now.at]!, now.count);
        if (now.kind === 'end') writers[now.at]!.end();
        await vi.advanceTimersByTimeAsync(now.kind === 'wait' ? now.ms : 0);
        const inHand = writers.filter((writer) => writer.isBusy()).flatMap(({ batches }) => batches.at(-1)!);
        expect(new Set(inHand.map(({ lane }) => lane)).size).toBe(inHand.length);
      }
      for (let turn = 0; turn < 60; turn++) {
        for (const writer of writers) writer.end();
        await vi.advanceTimersByTimeAsync(5);
      }
      for (const lane of lanes)
        expect([lane.heldRecords, lane.position.nextOffset]).toEqual([0, lane.fetchOffset]);
      const stopped = loop.stop();
      await stopped;
    }),
    { numRuns: 100 },
  );
});

import { describe, expect, it, vi } from 'vitest';
import type { OrderEvent } from '../../../schemas/index.ts';
import { systemClock } from '../../shared/clock/index.ts';
import { appError } from '../../shared/errors/index.ts';
import type { InRecord } from '../../shared/kafka/index.ts';
import { createLogger } from '../../shared/log/index.ts';
import { noMetrics } from '../../shared/metrics/index.ts';
import { emailEndpoint, type NewDelivery } from '../deliveries.ts';
import type { Endpoint } from '../endpoints.ts';
import { createMailBudget } from '../mail/mail-budget.ts';
import { createStall } from '../stall.ts';
import { eventOf } from '../testing/events.ts';
import { createForeignEvents } from './foreign-events.ts';
import { planBatch, startIntake } from './intake.ts';
import { gapsOf } from './intake-counts.ts';
import type { Move, PositionStore } from './intake-store.ts';
import { createPartitionBuffers } from './partition-buffers.ts';

const endpoint = { id: 'e1', customerId: 'c1' } as Endpoint;

/** Positions and rows in memory, with the compare-and-set and the unique key of the tables. */
function memoryStore() {
  const positions = new Map<number, number>();
  const rows = new Map<string, NewDelivery>();
  const store: PositionStore = {
    movedAtMs: async (partitions) => new Map(partitions.map((p) => [p, 1_700_000_000_000])),
    topicId: async () => null,
    storeTopicId: async () => undefined,
    load: async (partitions) => new Map(partitions.map((p) => [p, positions.get(p) ?? -1])),
    async store(moves: readonly Move[], deliveries) {
      if (moves.some((move) => (positions.get(move.partition) ?? -1) !== move.from)) return 'moved elsewhere';
      for (const move of moves) positions.set(move.partition, move.to);
      for (const row of deliveries) rows.set(`${row.eventId}/${row.endpointId}`, row);
      return 'stored';
    },
  };
  return { positions, rows, store };
}

function harness(
  store: PositionStore,
  {
    addressed = false,
    checkLog = (): Promise<void> => Promise.resolve(),
    readAgain = (_partition: number): Promise<void> => Promise.resolve(),
  } = {},
) {
  const buffers = createPartitionBuffers(
    { pause: vi.fn(), resume: vi.fn() },
    { recordsHigh: 100, recordsLow: 50 },
  );
  const foreign = createForeignEvents();
  const storedHints: string[] = [];
  const stored = Promise.withResolvers<void>();
  const fatal = vi.fn();
  const intake = startIntake({
    buffers,
    reader: {
      read: async (slices) =>
        new Map(slices.map((s) => [s.partition, s.records.map((r) => r as unknown as OrderEvent)])),
    },
    positions: store,
    endpoints: { receiversOf: () => [endpoint] },
    addressesOf: async (ids) => new Map(addressed ? ids.map((id) => [id, 'ada@example.org']) : []),
    mailBudget: createMailBudget({ perAddressDay: 2, perCustomerMinute: 100 }),
    onStored(ids) {
      storedHints.push(...ids);
      stored.resolve();
    },
    checkLog,
    readAgain,
    foreign,
    stall: createStall(systemClock),
    backoff: () => 1,
    clock: systemClock,
    log: createLogger({ service: 'test', level: 'silent', instanceId: 'test' }),
    metrics: noMetrics,
    fatal,
  });
  const feed = (events: OrderEvent[]) => {
    buffers.enqueue(
      0,
      events.map((event, i) => ({ ...event, offset: BigInt(i) }) as unknown as InRecord),
    );
    intake.wake();
  };
  intake.assigned({ gained: [0], lost: [] });
  return { intake, buffers, feed, stored: stored.promise, storedHints, fatal, foreign };
}

it('stores nothing from the middle of another log, and everything after a restart at its beginning', async () => {
  const memory = memoryStore();
  const asked = Promise.withResolvers<void>();
  const checkLog = async (): Promise<void> => {
    buffers.restart(0);
    asked.resolve();
  };
  const { intake, feed, buffers, fatal } = harness(memory.store, { checkLog });
  feed([eventOf(0, 0), eventOf(0, 1)]);
  await expect.poll(() => memory.rows.size).toBe(2);
  // This feed numbers its records from 0, so a new buffer is needed to accept them.
  buffers.restart(0);
  feed([eventOf(0, 5), eventOf(0, 6)]);
  await asked.promise;
  expect(memory.rows.size).toBe(2);
  feed([2, 3, 4, 5, 6].map((n) => eventOf(0, n)));
  await expect.poll(() => memory.rows.size).toBe(7);
  await intake.stop();
  expect(fatal).not.toHaveBeenCalled();
});

it('reads a partition again, once, if outcomes are missing after a position that was just loaded', async () => {
  const memory = memoryStore();
  memory.positions.set(0, 1);
  const readAgain = vi.fn(async () => buffers.restart(0));
  const { intake, feed, buffers } = harness(memory.store, { readAgain });
  feed([eventOf(0, 5), eventOf(0, 6)]);
  await expect.poll(() => readAgain.mock.calls).toEqual([[0]]);
  expect(memory.rows.size).toBe(0);
  // Outcome 2 is lost, so it counts as a gap. Intake stores the outcomes after it.
  feed([3, 4, 5, 6].map((n) => eventOf(0, n)));
  await expect.poll(() => memory.rows.size).toBe(4);
  // This gap appears while intake follows the log. No database was restored, so there is nothing to search for.
  buffers.restart(0);
  feed([eventOf(0, 9)]);
  await expect.poll(() => memory.rows.size).toBe(5);
  expect(readAgain).toHaveBeenCalledTimes(1);
  await intake.stop();
});

it('reports outcomes of another log if they are newer than the position that has passed them', async () => {
  const memory = memoryStore();
  const { intake, feed, buffers, foreign } = harness(memory.store);
  feed([eventOf(0, 0), eventOf(0, 1)]);
  await expect.poll(() => memory.rows.size).toBe(2);
  buffers.restart(0);
  feed([eventOf(0, 0), eventOf(0, 1)]);
  await expect.poll(() => buffers.committable()).not.toEqual([]);
  expect(foreign.check()).toBe(true);
  buffers.restart(0);
  feed([eventOf(0, 1, { occurredAt: Date.now() + 3_600_000 })]);
  await expect.poll(() => foreign.check()).toBe('stored positions of partitions 0 are of another log');
  expect(memory.rows.size).toBe(2);
  await intake.stop();
});

describe('mails', () => {
  it('are not sent about rejected orders, and are late or withheld over the budget of an address', async () => {
    const memory = memoryStore();
    const stored: NewDelivery[][] = [];
    let failures = 1;
    const store: PositionStore = {
      ...memory.store,
      async store(moves, deliveries, nowMs) {
        // An attempt that is not stored must charge nothing.
        if (failures-- > 0) throw appError('MYSQL_CONNECTION_LOST', { reason: 'test' });
        stored.push(deliveries.filter(({ endpointId }) => endpointId === emailEndpoint));
        return memory.store.store(moves, deliveries, nowMs);
      },
    };
    const { intake, feed, stored: done } = harness(store, { addressed: true });
    const rejected = {
      type: 'order.rejected',
      outcome: 'REJECTED',
      status: 'REJECTED',
    } as Partial<OrderEvent>;
    feed([
      ...Array.from({ length: 300 }, (_, n) => eventOf(0, n, rejected)),
      ...Array.from({ length: 6 }, (_, n) => eventOf(0, 300 + n)),
    ]);
    await done;
    await intake.stop();
    const [mails] = stored;
    const nowMs = Date.now();
    const due = mails!.map(({ mailDueAtMs }) =>
      mailDueAtMs === null ? 'withheld' : mailDueAtMs! <= nowMs ? 'now' : 'later',
    );
    expect(due).toEqual(['now', 'now', 'later', 'later', 'withheld', 'withheld']);
  });
});

describe('intake', () => {
  it('stores one row per event and endpoint, moves the position and informs the sender', async () => {
    const memory = memoryStore();
    const { intake, feed, stored, storedHints, buffers } = harness(memory.store);
    feed([eventOf(0, 0), eventOf(0, 1)]);
    await stored;
    await intake.stop();
    expect([...memory.rows.keys()]).toEqual(['0-0/e1', '0-1/e1']);
    expect(memory.positions.get(0)).toBe(1);
    expect(storedHints).toEqual(['e1']);
    expect(buffers.committable()).toEqual([{ partition: 0, offset: 2n }]);
  });

  it('writes no rows that another instance stored meanwhile', async () => {
    const memory = memoryStore();
    const load = memory.store.load;
    // This instance reads the position, and then the other instance commits.
    memory.store.load = async (partitions) => {
      const seen = await load(partitions);
      if (!memory.positions.has(0)) memory.positions.set(0, 1);
      return seen;
    };
    const { intake, feed, stored } = harness(memory.store);
    feed([eventOf(0, 0), eventOf(0, 1), eventOf(0, 2)]);
    await stored;
    await intake.stop();
    expect([...memory.rows.keys()]).toEqual(['0-2/e1']);
  });

  it('waits during temporary errors, and ends the process on permanent ones', async () => {
    const memory = memoryStore();
    const store = memory.store.store;
    let failures = 2;
    memory.store.store = async (...args) => {
      if (failures-- > 0) throw appError('MYSQL_CONNECTION_LOST', { reason: 'test' });
      return store(...args);
    };
    const { intake, feed, stored } = harness(memory.store);
    feed([eventOf(0, 0)]);
    await stored;
    await intake.stop();
    expect(memory.rows.size).toBe(1);

    const broken = memoryStore();
    broken.store.load = async () => {
      throw appError('MYSQL_SCHEMA', { reason: 'test' });
    };
    const second = harness(broken.store);
    second.feed([eventOf(0, 0)]);
    await expect.poll(() => second.fatal).toHaveBeenCalled();
  });
});

describe('planBatch', () => {
  it('drops repeats, in the batch and before the position', () => {
    const events = [eventOf(2, 3), eventOf(2, 4), eventOf(2, 5), eventOf(2, 4), eventOf(2, 6)];
    const plan = planBatch(new Map([[2, events]]), new Map([[2, 4]]));
    expect(plan.events.map((event) => event.sourceOffset)).toEqual([5, 6]);
    expect(plan.moves).toEqual([{ partition: 2, from: 4, to: 6 }]);
  });

  it('moves nothing if all events are known', () => {
    expect(planBatch(new Map([[2, [eventOf(2, 3)]]]), new Map([[2, 4]])).moves).toEqual([]);
  });
});

describe('gapsOf', () => {
  it('finds a missing outcome, and does not count compacted source offsets as gaps', () => {
    const positions = new Map([[0, 4]]);
    expect(gapsOf([eventOf(0, 5), eventOf(0, 9, { prevSourceOffset: 5 })], positions)).toEqual([]);
    expect(gapsOf([eventOf(0, 5), eventOf(0, 7)], positions)).toEqual([
      { partition: 0, after: 5, before: 7 },
    ]);
  });

  it('reports no gap before the first outcome', () => {
    expect(gapsOf([eventOf(0, 50)], new Map())).toEqual([]);
  });
});

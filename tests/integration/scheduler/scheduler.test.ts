/** Real schedulers on real servers. Rows are written as workers write them, and commands are read from the topic. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CloseCommand, ExpireCommand } from '../../../schemas/index.ts';
import { selectLanes } from '../../../services/orders-db/index.ts';
import { COMMANDS, PARTITIONS } from '../../../topics/index.ts';
import { newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { spawnService, type WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { insertTimed, sentTo, type TimedOrder } from '../../support/scheduler/timer-rows.ts';
import { unique, until } from '../../support/servers/stack.ts';

const used = useArena('scheduler');
const db = () => used().arena.mysql.pool;
let schedulers: WorkerProcess[] = [];

beforeEach(async () => {
  for (const table of ['orders', 'lane_positions', 'scheduler_members'])
    await db().write(`DELETE FROM ${table}`);
  await db().write("UPDATE scheduler_leases SET owner = '', leased_until_ms = 0, adopted_key = 0");
});
afterEach(async () => {
  await Promise.all(schedulers.splice(0).map((scheduler) => scheduler.kill()));
  await used().arena.killWorkers();
  schedulers = [];
});

async function start(env: Record<string, string> = {}): Promise<WorkerProcess> {
  const own = { INSTANCE_ID: unique('scheduler'), ...env };
  const scheduler = await spawnService('scheduler', { ...used().arena.env, ...own });
  schedulers.push(scheduler);
  return scheduler;
}

const due = (count: number, partition?: number, timerInMs = -1_000) =>
  insertTimed(
    db(),
    Array.from({ length: count }, (_, i) => ({ partition: partition ?? i % PARTITIONS, timerInMs })),
  );

/** Resolves with the commands once each of these orders has one. */
async function allSent(
  orders: readonly TimedOrder[],
): Promise<Map<string, (ExpireCommand | CloseCommand)[]>> {
  return until(
    async () => {
      const sent = await sentTo(used().arena, orders);
      return [...sent.values()].every((commands) => commands.length > 0) ? sent : null;
    },
    { what: `a command for each of ${orders.length} orders`, deadlineMs: 60_000, everyMs: 200 },
  );
}

const holders = async (): Promise<Map<string, number>> => {
  const rows = await db().rows<{ owner: string; held: number }>(
    "SELECT owner, COUNT(*) AS held FROM scheduler_leases WHERE owner <> '' GROUP BY owner",
  );
  return new Map(rows.map(({ owner, held }) => [owner, Number(held)]));
};

const shared = (wanted: readonly number[]) =>
  until(async () => [...(await holders()).values()].toSorted().join() === wanted.join(), {
    what: `partitions shared as ${wanted.join()}`,
    deadlineMs: 40_000,
  });

/** Moves each lane to the end of its log, as a worker does that decided everything. */
async function decideAll(partitions: readonly number[]): Promise<void> {
  const ends = await used().arena.admin.endOffsets(COMMANDS);
  for (const partition of partitions) {
    const end = Number(ends.get(partition)!.high);
    await db().write(
      `INSERT INTO lane_positions (topic, partition_id, next_offset, published_offset) VALUES (?, ?, ?, ?)
       ON DUPLICATE KEY UPDATE next_offset = VALUES(next_offset), published_offset = VALUES(published_offset)`,
      [COMMANDS, partition, end, end],
    );
  }
}

it('sends EXPIRE once for each unpaid order that is due, and for no other', async () => {
  const orders = await due(60);
  const others = await insertTimed(db(), [
    { partition: 0, timerInMs: 3_600_000 },
    { partition: 1, timerInMs: -1_000, status: 'CANCELLED' },
    { partition: 2, timerInMs: null, status: 'PAID' },
    { partition: 3, timerInMs: null, dueInMs: null },
  ]);
  await start();
  const sent = await allSent(orders);
  for (const { orderId, dueAtMs } of orders)
    expect(sent.get(orderId)).toMatchObject([{ actor: 'scheduler', payload: { dueAt: dueAtMs } }]);
  const [first] = sent.values();
  expect(first![0]!.issuedAt).toBeGreaterThanOrEqual(orders[0]!.dueAtMs! + 60_000);
  expect([...(await sentTo(used().arena, others)).values()]).toEqual([[], [], [], []]);
});

it('sends CLOSE for a delivered order whose return window has ended, and not before', async () => {
  const [ended, open, closed] = await insertTimed(db(), [
    { partition: 0, timerInMs: -1_000, status: 'DELIVERED', dueInMs: null },
    { partition: 0, timerInMs: 3_600_000, status: 'DELIVERED', dueInMs: null },
    { partition: 1, timerInMs: -1_000, status: 'CLOSED', dueInMs: null },
  ]);
  await start();
  const sent = await allSent([ended!]);
  expect(sent.get(ended!.orderId)).toMatchObject([{ type: 'CLOSE', actor: 'scheduler', payload: {} }]);
  expect([...(await sentTo(used().arena, [open!, closed!])).values()]).toEqual([[], []]);
});

it('sends the command of an order that becomes due, and of one that appears with an older time', async () => {
  const scheduler = await start();
  const [soon] = await insertTimed(db(), [{ partition: 4, timerInMs: 1_500 }]);
  const sent = await allSent([soon!]);
  expect(sent.get(soon!.orderId)![0]!.issuedAt).toBeGreaterThanOrEqual(soon!.dueAtMs! + 60_000);
  await allSent(await due(3, 4, -50_000));
  expect(scheduler.running).toBe(true);
});

it('an undecided command is not repeated; one that changed nothing gets a new id a minute later', async () => {
  const [waiting] = await due(1, 5, -50_000);
  const [refused] = await due(1, 6, -50_000);
  await start();
  await allSent([waiting!, refused!]);
  await decideAll([6]);
  const sent = await until(
    async () => {
      const found = await sentTo(used().arena, [waiting!, refused!]);
      return found.get(refused!.orderId)!.length === 2 ? found : null;
    },
    { what: 'the second command', deadlineMs: 40_000, everyMs: 200 },
  );
  const [one, two] = sent.get(refused!.orderId)!;
  expect(one!.commandId).not.toBe(two!.commandId);
  expect(sent.get(waiting!.orderId)).toHaveLength(1);
});

it('two instances share the partitions; when one dies, the other takes over; no order gets two commands of one id', async () => {
  const dying = await start();
  await start();
  await shared([6, 6]);
  const before = await due(240);
  for (const commands of (await allSent(before)).values()) expect(commands).toHaveLength(1);
  await dying.kill();
  const after = await due(240);
  await shared([12]);
  const sent = await allSent(after);
  for (const commands of sent.values())
    expect(new Set(commands.map(({ commandId }) => commandId)).size).toBe(commands.length);
});

it('an instance that stops gives its partitions back at once', async () => {
  const stopping = await start();
  await start();
  await shared([6, 6]);
  expect(await stopping.stop()).toEqual({ code: 0, signal: null });
  expect([...(await holders()).values()]).toEqual([6]);
});

it('a partition whose lane stands still is paused; the others go on, and it continues later', async () => {
  const scheduler = await start({ EXPIRE_RATE_MAX: '100000' });
  const many = await due(7_000, 7);
  const paused = await scheduler.logged(
    ({ msg }) => msg === 'the scheduler waits for a lane with too many commands',
    'the pause',
  );
  expect(paused).toMatchObject({ level: 'warn', partition: 7 });
  const others = await due(20, 8);
  await allSent(others);
  const sentBefore = [...(await sentTo(used().arena, many)).values()].flat().length;
  expect(sentBefore).toBeGreaterThan(5_000 - (await offsetsBefore(7, many)));
  expect(sentBefore).toBeLessThanOrEqual(6_000);
  await decideAll([7]);
  for (const commands of (await allSent(many)).values()) expect(commands).toHaveLength(1);
});

/** Records of other tests in this partition. The scheduler counts them too. */
async function offsetsBefore(partition: number, orders: readonly TimedOrder[]): Promise<number> {
  const own = [...(await sentTo(used().arena, orders)).values()].flat().length;
  const ends = await used().arena.admin.endOffsets(COMMANDS);
  return Number(ends.get(partition)!.high) - own;
}

it('keeps the rate of EXPIRE_RATE_MAX', async () => {
  await due(300, 9);
  const scheduler = await start({ EXPIRE_RATE_MAX: '60' });
  const startMs = performance.now();
  await until(async () => (await scheduler.metric('scheduler_commands_total', 'result="produced"')) >= 300, {
    what: '300 commands',
    deadlineMs: 60_000,
  });
  // 300 commands at 60 a second take 5 s, less the burst of a quarter of a second.
  expect(performance.now() - startMs).toBeGreaterThan(3_500);
});

it('unpaid orders without a timer get one a minute after their deadline, also those that come later', async () => {
  const old = await insertTimed(
    db(),
    Array.from({ length: 2_500 }, () => ({ partition: 10, timerInMs: null, dueInMs: 3_600_000 })),
  );
  await insertTimed(db(), [
    { partition: 10, timerInMs: null, dueInMs: 3_600_000, status: 'CANCELLED' },
    { partition: 10, timerInMs: null, dueInMs: null },
  ]);
  const late = await insertTimed(db(), [{ partition: 11, timerInMs: null, dueInMs: -600_000 }]);
  const scheduler = await start();
  await allSent(late);
  const timers = async (where: string): Promise<number> => {
    const [row] = await db().rows<{ n: number }>(`SELECT COUNT(*) AS n FROM orders WHERE ${where}`);
    return Number(row!.n);
  };
  await until(async () => (await timers('timer_at_ms = payment_due_at_ms + 60000')) === old.length + 1, {
    what: 'the timers',
  });
  expect(await timers('timer_at_ms IS NULL')).toBe(2);
  await until(async () => (await scheduler.metric('scheduler_orders_adopted_total')) === 2_501, {
    what: 'the metric',
  });
  await insertTimed(db(), [{ partition: 10, timerInMs: null, dueInMs: 3_600_000 }]);
  await until(async () => (await timers('timer_at_ms IS NULL')) === 2, {
    what: 'the timer of the later order',
  });
});

it('with a worker, an unpaid order expires, its stock comes back, and its timer ends', async () => {
  const { arena, producer, skus } = used();
  await db().write('DELETE FROM lane_positions');
  await arena.startWorker();
  const orderId = newOrderOf(0);
  await producer.send(placeCommand(orderId, [skus[0]!], 2));
  const row = async () =>
    (
      await db().rows<{ status: string; timer_at_ms: number | null }>(
        'SELECT status, timer_at_ms FROM orders WHERE idempotency_key = ?',
        [orderId],
      )
    )[0];
  await until(async () => (await row())?.timer_at_ms, {
    what: 'the order with its timer',
    deadlineMs: 60_000,
  });
  await db().write(
    'UPDATE orders SET payment_due_at_ms = 120000, timer_at_ms = 180000 WHERE idempotency_key = ?',
    [orderId],
  );
  const scheduler = await start();
  await until(async () => (await row())?.status === 'EXPIRED', { what: 'the expiry' });
  expect(await row()).toEqual({ status: 'EXPIRED', timer_at_ms: null });
  const [stock] = await db().rows('SELECT initial + added - available AS taken FROM stock WHERE sku = ?', [
    skus[0]!,
  ]);
  expect(Number(stock!['taken'])).toBe(0);
  const lanes = await selectLanes(db(), ['partition_id', 'next_offset'], COMMANDS);
  expect(lanes).toHaveLength(PARTITIONS);
  expect(await scheduler.stop()).toEqual({ code: 0, signal: null });
});

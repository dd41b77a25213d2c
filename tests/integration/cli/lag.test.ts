/** `orderstream lag`, `replay`, `explain` and `peek` on a running pipeline, as an operator uses them. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGroupConsumer, type GroupConsumer } from '../../../services/shared/kafka/index.ts';
import { noMetrics } from '../../../services/shared/metrics/index.ts';
import { readNowMs, uuidToBytes } from '../../../services/shared/mysql/index.ts';
import { EVENTS, GROUPS, partitionOfOrder, STATE } from '../../../topics/index.ts';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import { createProducer, type Producer, placeCommand } from '../../support/arena/load.ts';
import { projectorCaughtUp } from '../../support/arena/reading/waits.ts';
import { insertRefund } from '../../support/payments/refund-rows.ts';
import { spawnProjector } from '../../support/programs/projector-process.ts';
import { quietLog as log, testSettings } from '../../support/records/kafka.ts';
import { insertTimed } from '../../support/scheduler/timer-rows.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('cli-lag');
const database = useDatabase('cli-lag');
const root = path.resolve(import.meta.dirname, '../../..');
const early = orderIdOn(5);
const late = orderIdOn(5);
let arena: Arena;
let producer: Producer;

beforeAll(async () => {
  const stock = new Map([['SKU-1', 1_000]]);
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  await until(() => arena.admin.endOffsets(STATE), { what: 'the leaders of the state topic' });
  producer = await createProducer(arena);
  await producer.send(placeCommand(early, ['SKU-1']));
  for (let n = 0; n < 20; n += 1) await producer.send(placeCommand(randomUUID(), ['SKU-1']));
  const worker = await arena.startWorker({ INSTANCE_ID: 'the-worker' });
  const projector = await spawnProjector({ ...arena.env, INSTANCE_ID: 'the-projector' });
  await arena.quiesce();
  await projectorCaughtUp(arena, 60_000);
  await projector.end();
  await worker.stop();
  await producer.send(placeCommand(late, ['SKU-1']));
}, 120_000);

afterAll(async () => {
  await producer.close();
  await arena.close();
});

function orderIdOn(partition: number): string {
  for (;;) {
    const id = randomUUID();
    if (partitionOfOrder(id) === partition) return id;
  }
}

function orderstream(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...arena.env };
    execFile(process.execPath, ['cli/main.ts', ...args], { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function consumeAs(groupId: string): Promise<{ seen: number[]; consumer: GroupConsumer }> {
  const seen: number[] = [];
  const consumer = createGroupConsumer({
    settings: testSettings(prefix),
    groupId,
    topics: [EVENTS],
    log,
    metrics: noMetrics,
    handlers: {
      onAssigned: () => undefined,
      onRecords: (_topic, _partition, records) =>
        void seen.push(...records.map(({ offset }) => Number(offset))),
      onCrash: () => undefined,
    },
  });
  await consumer.start();
  return { seen, consumer };
}

describe('lag', () => {
  test('shows what every lane waits for, and the position of each group', async () => {
    const { code, stdout } = await orderstream('lag', '--json');
    expect(code).toBe(0);
    const { lanes, groups } = JSON.parse(stdout);
    const waiting = lanes.filter(({ waitsFor }: { waitsFor: string }) => waitsFor !== '');
    expect(waiting).toMatchObject([{ partition: 5, lag: 1, owner: '' }]);
    expect(waiting[0].waitsFor).toMatch(
      /^a worker to take the lane and decide 1 command from offset \d+ on$/,
    );
    const lagOf = (group: string) =>
      groups
        .filter((line: { group: string }) => line.group === group)
        .reduce((sum: number, line: { lag: number }) => sum + line.lag, 0);
    expect([lagOf(GROUPS.worker), lagOf(GROUPS.projector)]).toEqual([1, 0]);
  });

  test('is reported in a few lines', async () => {
    const { stdout } = await orderstream('lag');
    expect(stdout).toContain('a worker to take the lane and decide 1 command');
    expect(stdout).toContain('orders-worker on orders.commands.v1: 1 behind');
    expect(stdout).toContain('orders-projector on orders.events.v1: no lag');
    expect(stdout).toContain('refunds: none is open');
    expect(stdout).toMatch(/timers: no order is due; the next one in 1,8\d\d s/);
    expect(stdout).toContain('schedulers: no scheduler has partitions 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11');
  });

  test('shows due orders, the partitions of each scheduler, and the next step of open refunds', async () => {
    const { pool } = arena.mysql;
    const nowMs = await readNowMs(pool);
    await insertTimed(pool, [
      { partition: 1, timerInMs: -90_000 },
      { partition: 2, timerInMs: -30_000 },
      { partition: 3, timerInMs: -99_000, status: 'CANCELLED' },
    ]);
    await pool.write(
      "UPDATE scheduler_leases SET owner = 'sched-1', leased_until_ms = ? WHERE partition_id < 11",
      [nowMs + 600_000],
    );
    const { refundId } = await insertRefund(pool, 'pay-1');
    await insertRefund(pool, 'pay-2');
    await pool.write(
      "INSERT INTO refund_attempts (refund_id, next_at_ms, tries, state) VALUES (?, ?, 3, 'PENDING')",
      [uuidToBytes(refundId), nowMs + 600_000],
    );
    const { stdout } = await orderstream('lag');
    expect(stdout).toMatch(/timers: 2 orders are due, the oldest for (9|10)\d s; the next one in 1,\d\d\d s/);
    expect(stdout).toContain(
      'schedulers: sched-1 has partitions 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10; no scheduler has partition 11',
    );
    expect(stdout).toMatch(
      /refunds: 2 open \(1 NEW, 1 PENDING\), the oldest for \d+ s, at most 3 calls each; the next step is due in (5\d\d|600) s/,
    );
    const { timers, refunds } = JSON.parse((await orderstream('lag', '--json')).stdout);
    expect(timers).toMatchObject({ due: 2, oldestAtMs: expect.any(Number) });
    expect(timers.leases).toHaveLength(12);
    expect(refunds).toMatchObject({ open: 2, byState: { NEW: 1, PENDING: 1 }, triesMax: 3 });
  });
});

describe('explain', () => {
  test('shows what a pending order waits for', async () => {
    const { code, stdout } = await orderstream('explain', late);
    expect(code).toBe(0);
    expect(stdout).toMatch(/no row: not processed yet/);
    expect(stdout).toMatch(/waits for: a worker to take the lane and decide 1 command from offset/);
  });

  test('shows the state in the snapshot', async () => {
    const { stdout } = await orderstream('explain', early);
    expect(stdout).toMatch(/snapshot: PENDING_PAYMENT version 1, of @\d+/);
    expect(stdout).toMatch(/^waits for: its payment until \d{4}-\d\d-\d\dT[\d:.]+Z$/m);
  });
});

test('explain shows every version of an order, including the first, as text and as JSON', async () => {
  const { stdout } = await orderstream('explain', early);
  expect(stdout).toMatch(/history\n\s+version 1 +PENDING_PAYMENT +PLACE/);
  const { history } = JSON.parse((await orderstream('explain', early, '--json')).stdout);
  expect(history).toMatchObject([{ version: 1, status: 'PENDING_PAYMENT', command_type: 'PLACE' }]);
});

test('peek decodes states and markers', async () => {
  const { stdout } = await orderstream('peek', STATE, '--order', early, '--compact');
  expect(JSON.parse(stdout)).toMatchObject({
    format: 'state',
    headers: { 'os-record': 'state' },
    value: { orderId: early, status: 'PENDING_PAYMENT', terms: { total: 250 } },
  });
  const last = await orderstream('peek', STATE, '--partition', '5', '--max', '2', '--compact');
  expect(last.stdout).toContain('"key":"position/5"');
});

describe('replay', () => {
  const group = 'a-team';

  test('is refused for the groups of the product', async () => {
    const { code, stderr } = await orderstream('replay', '--group', GROUPS.worker, '--from', 'earliest');
    expect(code).toBe(2);
    expect(stderr).toMatch(/belongs to this product/);
  });

  test('shows what would move, is refused while members run, and moves a stopped group', async () => {
    const first = await consumeAs(group);
    const ends = await arena.admin.endOffsets(EVENTS);
    const all = [...ends.values()].reduce((sum, { high }) => sum + Number(high), 0);
    await until(() => first.seen.length === all, { what: 'every outcome being read' });
    await first.consumer.commit(
      [...ends].map(([partition, { high: offset }]) => ({ topic: EVENTS, partition, offset })),
    );

    const dry = await orderstream('replay', '--group', group, '--from', '1h', '--dry-run');
    expect(dry.stdout).toContain(`${all} records read again\ndry run: nothing was moved`);
    const running = await orderstream('replay', '--group', group, '--from', 'earliest');
    expect(running).toMatchObject({ code: 1 });
    expect(running.stderr).toMatch(/has running members; nothing was moved\. Stop the members first/);
    await first.consumer.stop(5_000);

    const own = await orderstream('replay', '--group', group, '--from', 'earliest', '--partition', '5');
    expect(own).toMatchObject({ code: 0, stderr: '' });
    const lag = await orderstream('lag', '--group', group);
    expect(lag.stdout).toContain(`${group} on ${EVENTS}: ${ends.get(5)?.high} behind`);
    const second = await consumeAs(group);
    await until(() => second.seen.length === Number(ends.get(5)?.high), {
      what: 'the partition being read again',
    });
    await second.consumer.stop(5_000);
  });
});

/** Every service and the command line work with their login from grants/. The logins have no other rights. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrderstreamClient } from '../../../cli/client/index.ts';
import { fields as notificationFields } from '../../../services/notification/config.ts';
import { startNotification } from '../../../services/notification/service.ts';
import { type Receiver, startReceiver } from '../../../services/notification/testing/receiver.ts';
import { migrate } from '../../../services/orders-db/index.ts';
import { visit } from '../../../services/payments/listings/lister.ts';
import { createListings } from '../../../services/payments/listings/listings.ts';
import { fields as reconciliationFields } from '../../../services/reconciliation/config.ts';
import { startReconciliation } from '../../../services/reconciliation/service.ts';
import { noMetrics } from '../../../services/shared/metrics/index.ts';
import { createMysql } from '../../../services/shared/mysql/index.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { goodsLife } from '../../support/arena/goods-commands.ts';
import { sendAll } from '../../support/arena/load.ts';
import { spawnService } from '../../support/arena/processes/worker-process.ts';
import { spawnProjector } from '../../support/programs/projector-process.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { plantedSecretKeys } from '../../support/records/planted.ts';
import { type Started, startInProcess } from '../../support/records/subscribers.ts';
import { insertTimed, sentTo } from '../../support/scheduler/timer-rows.ts';
import {
  createLogins,
  grantsDir,
  type LoginName,
  type Logins,
  loginNames,
} from '../../support/servers/logins.ts';
import { refusedStatements } from '../../support/servers/refused-statements.ts';
import { until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const database = useDatabase('least-privilege');
const topicPrefix = useTopicPrefix('least-privilege');
const commandDenied = 1142;
const columnDenied = 1143;
let logins: Logins;
let world: ApiWorld;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix, mysqlUrl: database().url });
  logins = await createLogins(database().url);
});
afterAll(async () => {
  await world?.close();
  await logins?.close();
});

function orderstream(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const keys = { WEBHOOK_SECRET_KEYS: plantedSecretKeys };
  const env = { ...process.env, ...world.env, ...keys, MYSQL_URL: logins.url('operator') };
  return new Promise((resolve) => {
    execFile(process.execPath, ['cli/main.ts', ...args], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

/** Stores what a provider lists, as services/payments does. Reconciliation compares it. */
async function listProvider(): Promise<void> {
  const { pool, close } = createMysql({ url: logins.url('payments'), log: quietLog });
  const times = { everyMs: 900_000, keptMs: 864_000_000 };
  const list = async function* () {
    const atMs = Date.now() - 3_600_000;
    const money = { amount: 5, currency: 'EUR', reference: 'r' };
    yield { kind: 'payment', atMs, providerPaymentId: 'p-1', ...money } as const;
  };
  const deps = { listings: createListings({ pool, ...times }), ...times, nowMs: Date.now };
  await visit(
    { ...deps, log: quietLog, metrics: noMetrics },
    { name: 'local', list },
    new AbortController().signal,
  );
  const rows = await pool.rows('SELECT provider_id FROM provider_records');
  expect(rows).toEqual([{ provider_id: 'p-1' }]);
  await close();
}

describe('the whole path of an order, each service with its own login', () => {
  let receiver: Receiver;
  let client: OrderstreamClient;
  let operator: OrderstreamClient;
  let notification: Started;
  let reconciliation: Started;
  const env = (login: LoginName) => ({ ...world.env, INSTANCE_ID: login, MYSQL_URL: logins.url(login) });

  beforeAll(async () => {
    receiver = await startReceiver();
    await world.arena.startWorker({ MYSQL_URL: logins.url('worker') });
    const hooks = { WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1' };
    const api = await world.startApi({ ...env('ingestion'), ...hooks });
    client = world.clientOf(api, 'c1', ['orders:write', 'orders:read', 'webhooks:manage']);
    operator = world.clientOf(api, 'operator', ['orders:ops']);
    notification = await startInProcess(
      notificationFields,
      { ...env('notification'), ...hooks, ENDPOINTS_REFRESH: '50ms', DELIVERIES_KEEP: '100d' },
      startNotification,
    );
    await listProvider();
    reconciliation = await startInProcess(
      reconciliationFields,
      { ...env('reconciliation'), RECONCILE_EVERY: '100ms' },
      startReconciliation,
    );
  });
  afterAll(async () => {
    await notification?.stop();
    await reconciliation?.stop();
    await receiver?.close();
  });

  it('is decided, delivered, listed, changed and compared', async () => {
    const made = await client.POST('/v1/webhook-endpoints', { body: { url: receiver.url } });
    expect(made.response.status).toBe(201);
    const path = { id: made.data!.id };
    for (const change of ['rotate', 'enable'] as const)
      expect(
        (await client.POST(`/v1/webhook-endpoints/{id}/${change}`, { params: { path } })).response.status,
      ).toBe(200);
    const placed = await client.POST('/v1/orders', { params: placeHeaders('one', 20), body: orderOf() });
    expect(placed.data).toMatchObject({ status: 'PENDING_PAYMENT' });
    const order = { path: { id: placed.data!.id } };
    await until(() => receiver.received.length > 0, { what: 'the webhook arrives' });
    expect((await client.GET('/v1/orders')).data?.items).toHaveLength(1);
    const cancelling = { params: { ...order, header: { Prefer: 'wait=20' } }, body: {} };
    const cancelled = await client.POST('/v1/orders/{id}/cancel', cancelling);
    expect(cancelled.response.status).toBeLessThan(300);
    expect((await client.GET('/v1/orders/{id}/history', { params: order })).response.status).toBe(200);
    const deliveries = await client.GET('/v1/webhook-endpoints/{id}/deliveries', { params: { path } });
    const [delivery] = deliveries.data!.items;
    const again = { params: { path: { id: delivery!.id } } };
    expect((await client.POST('/v1/deliveries/{id}/redeliver', again)).response.status).toBe(202);
    expect((await client.DELETE('/v1/webhook-endpoints/{id}', { params: { path } })).response.status).toBe(
      204,
    );
    const checks = async (result: string) =>
      [...(await reconciliation.metrics.text()).matchAll(new RegExp(`result="${result}"[^}]*\\} [1-9]`, 'g'))]
        .length;
    await until(async () => (await checks('done')) >= 4, { what: 'a round of several checks' });
    expect(await checks('failed')).toBe(0);
    expect([notification.failure(), reconciliation.failure()]).toEqual([null, null]);
  });

  it('is paid, shipped, delivered, returned and refunded, and stock is adjusted', async () => {
    const placed = await client.POST('/v1/orders', { params: placeHeaders('two', 20), body: orderOf(4) });
    const order = { params: { path: { id: placed.data!.id } } };
    await sendAll(world.arena, goodsLife(placed.data!.id, 'SKU-1'));
    expect((await client.GET('/v1/orders/{id}', order)).data).toMatchObject({
      status: 'SHIPPED',
      units: { ordered: 4, shipped: 4, returned: 2, restocked: 1 },
    });
    const counts: number[] = [];
    for (const list of ['payments', 'refunds', 'shipments', 'returns'] as const)
      counts.push((await client.GET(`/v1/orders/{id}/${list}`, order)).data!.items.length);
    expect(counts).toEqual([1, 2, 2, 1]);
    const path = { ...order.params.path, commandId: 'first' };
    const command = await operator.GET('/v1/orders/{id}/commands/{commandId}', { params: { path } });
    expect(command.data).toMatchObject({ type: 'SHIP', outcome: 'APPLIED' });
    const stock = await operator.GET('/v1/stock/{sku}', { params: { path: { sku: 'SKU-1' } } });
    expect(stock.data).toMatchObject({ available: 1_000_000 - 4 + 1 + 5, committed: 0 });
  });

  it('reaches the snapshot, and verify agrees', async () => {
    const projector = await spawnProjector(env('projector'));
    await world.arena.quiesce();
    try {
      const report = await orderstream('verify', '--json');
      expect(report.stderr).not.toMatch(/denied/);
      expect(JSON.parse(report.stdout)).toMatchObject({ ok: true, orders: 2 });
    } finally {
      expect(await projector.end()).toBe(0);
    }
  });
});

describe('the login of operators', () => {
  it.each([
    [['catalogue', 'import', 'samples/catalogue.csv']],
    [['findings', 'list', '--all', '--json']],
    [['dlq', 'list', '--json']],
    [['audit', 'list', '--json']],
    [['webhooks', 'reencrypt']],
    [['lag', '--json']],
    [['refunds', 'list', '--json']],
    [['stock', 'remove', 'SKU-1', '1', '--json']],
    [['customer', 'erase', 'c1', '--json']],
  ])('is enough for %j', async (args) => {
    expect(await orderstream(...args)).toMatchObject({ code: 0, stderr: '' });
  });

  it('is not enough to migrate, which has its own login', async () => {
    const { version } = (await migrate({ url: logins.url('migrate'), log: quietLog, direction: 'down' }))[0]!;
    expect(await migrate({ url: logins.url('migrate'), log: quietLog })).toMatchObject([{ version }]);
    await expect(migrate({ url: logins.url('operator'), log: quietLog })).rejects.toMatchObject({
      code: 'MYSQL_SCHEMA',
    });
  });
});

// The row is in no log, so reconciliation and verify have ended before.
it('the scheduler gives an order its timer, and sends its command', async () => {
  const scheduler = await spawnService('scheduler', {
    ...world.env,
    INSTANCE_ID: 'scheduler',
    MYSQL_URL: logins.url('scheduler'),
  });
  try {
    const [order] = await insertTimed(world.arena.mysql.pool, [
      { partition: 3, timerInMs: null, dueInMs: -600_000 },
    ]);
    await until(async () => (await sentTo(world.arena, [order!])).get(order!.orderId)!.length > 0, {
      what: 'the command',
      deadlineMs: 40_000,
    });
    expect(scheduler.log.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  } finally {
    expect(await scheduler.stop()).toEqual({ code: 0, signal: null });
  }
  const [left] = await world.arena.mysql.pool.rows('SELECT COUNT(*) AS n FROM scheduler_members');
  expect(Number(left!['n'])).toBe(0);
});

it('the observer reads the lanes', async () => {
  const observer = await spawnService('observer', {
    ...world.env,
    INSTANCE_ID: 'observer',
    MYSQL_URL: logins.url('observer'),
  });
  try {
    const read = () => observer.metric('observer_reads_total', 'source="database",result="ok"');
    await until(async () => (await read()) > 0, { what: 'a reading of the database', deadlineMs: 20_000 });
    expect(observer.log.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  } finally {
    expect(await observer.stop()).toEqual({ code: 0, signal: null });
  }
});

describe('a login is refused', () => {
  it.each(refusedStatements)('%s: %s', async (login, sql) => {
    const db = await mysql.createConnection(logins.url(login));
    try {
      await expect(db.query(sql)).rejects.toSatisfy((error: { errno: number }) =>
        [commandDenied, columnDenied].includes(error.errno),
      );
    } finally {
      db.destroy();
    }
  });
});

describe('the audit log', () => {
  it('is append-only for the owner of the tables too, once the triggers exist', async () => {
    await logins.protectAudit();
    const db = await mysql.createConnection(database().url);
    try {
      const [[before]] = (await db.query('SELECT COUNT(*) AS n FROM audit_log')) as never as [
        [{ n: number }],
      ];
      expect(before.n).toBeGreaterThan(0);
      for (const sql of ['DELETE FROM audit_log', "UPDATE audit_log SET actor = 'nobody'"])
        await expect(db.query(sql)).rejects.toThrow('audit_log is append-only');
      const [[after]] = (await db.query('SELECT COUNT(*) AS n FROM audit_log')) as never as [[{ n: number }]];
      expect(after.n).toBe(before.n);
    } finally {
      db.destroy();
    }
  });

  it('has a file of grants for every tested login, and no other', async () => {
    const files = (await readdir(grantsDir)).map((file) => file.replace(/\.sql$/, ''));
    expect(files.toSorted()).toEqual([...loginNames, 'audit-append-only'].toSorted());
  });
});

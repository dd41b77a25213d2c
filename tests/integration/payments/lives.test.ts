/**
 * Orders and money from end to end, with real processes: ingestion, a worker, services/payments and the local provider. Each test is
 * one life of an order.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrderstreamClient } from '../../../cli/client/index.ts';
import { visit } from '../../../services/payments/listings/lister.ts';
import { createListings } from '../../../services/payments/listings/listings.ts';
import { createPace } from '../../../services/reconciliation/checks/pace.ts';
import { createTally } from '../../../services/reconciliation/findings/tally.ts';
import { bookCheck } from '../../../services/reconciliation/walking/book.ts';
import { systemClock } from '../../../services/shared/clock/index.ts';
import { noMetrics } from '../../../services/shared/metrics/index.ts';
import { uuidToBytes } from '../../../services/shared/mysql/index.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { spawnService, type WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import {
  adapterOf,
  control,
  type ProviderProcess,
  payOnPage,
  providerKey,
  signingSecret,
  spawnProvider,
} from '../../support/programs/payment-provider.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { freePort } from '../../support/servers/free-port.ts';
import { unique, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const topicPrefix = useTopicPrefix('lives');
const database = useDatabase('lives');
const dir = mkdtempSync(path.join(tmpdir(), 'lives-'));
let world: ApiWorld;
let provider: ProviderProcess;
let client: OrderstreamClient;
let payments: WorkerProcess;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix, mysqlUrl: database().url });
  const port = await freePort();
  const callbackUrl = `http://127.0.0.1:${port}/v1/payments/callbacks/local`;
  provider = await spawnProvider({ file: path.join(dir, 'state.sqlite'), callbackUrl });
  const api = await world.startApi({ ...providerEnv(), PORT: String(port) });
  client = world.clientOf(api, 'c1');
  await world.arena.startWorker();
  payments = await startPayments();
});
afterAll(async () => {
  await payments.kill();
  await world.close();
  await provider.end();
  rmSync(dir, { recursive: true, force: true });
});

function providerEnv(): Record<string, string> {
  return {
    PAYMENT_LOCAL_URL: provider.url,
    PAYMENT_LOCAL_KEY: providerKey,
    PAYMENT_LOCAL_CALLBACK_SECRETS: signingSecret,
    PAYMENT_TIMEOUT: '1s',
  };
}

function startPayments(): Promise<WorkerProcess> {
  const own = { INSTANCE_ID: unique('payments'), REFUND_RETRY_MIN: '100ms' };
  return spawnService('payments', { ...world.arena.env, ...providerEnv(), ...own });
}

/** A decided order of 250. */
async function place(): Promise<string> {
  const { data } = await client.POST('/v1/orders', {
    params: placeHeaders(unique('life'), 20),
    body: orderOf(),
  });
  return data!.id!;
}

async function sessionOf(id: string): Promise<string> {
  const { data, error } = await client.POST('/v1/orders/{id}/payment-sessions', { params: { path: { id } } });
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data.url;
}

async function cancel(id: string): Promise<void> {
  await client.POST('/v1/orders/{id}/cancel', {
    params: { path: { id }, header: { Prefer: 'wait=20' } },
    body: {},
  } as never);
}

async function transfer(reference: string, amount: number): Promise<void> {
  await control(provider.url, 'POST', '/v1/transfers', { reference, amount, currency: 'EUR' });
}

async function statusOf(id: string): Promise<string> {
  const { data } = await client.GET('/v1/orders/{id}', { params: { path: { id } } });
  return (data as { status: string }).status;
}

interface MoneyRow {
  readonly amount: number;
  readonly status: string;
  readonly reason: string;
}

const rowsOf = (table: 'payments' | 'refunds', columns: string, id: string) =>
  world.arena.mysql.pool.rows<MoneyRow & { disposition: string }>(
    `SELECT ${columns} FROM ${table} WHERE order_id = ? ORDER BY 1, 2`,
    [uuidToBytes(id)],
  );
const refundsOf = (id: string) => rowsOf('refunds', 'amount, status, reason', id);

async function settled(id: string, expected: readonly object[]): Promise<void> {
  await until(
    async () => {
      const rows = await refundsOf(id);
      return rows.length === expected.length && rows.every(({ status }) => status !== 'REQUESTED');
    },
    { what: `the refunds of ${id}` },
  );
  expect(await refundsOf(id)).toEqual(expected);
}

describe('one order', () => {
  test('is PAID when its session is paid exactly', async () => {
    const id = await place();
    await payOnPage(await sessionOf(id), { result: 'paid' });
    await until(async () => (await statusOf(id)) === 'PAID', { what: 'the order is paid' });
    expect(await rowsOf('payments', 'amount, disposition', id)).toEqual([
      { amount: 250, disposition: 'SETTLES' },
    ]);
    expect(await refundsOf(id)).toEqual([]);
  });

  test('that is paid twice keeps one payment, and the other goes back', async () => {
    const id = await place();
    await payOnPage(await sessionOf(id), { result: 'paid', times: 2 });
    await settled(id, [{ amount: 250, status: 'SUCCEEDED', reason: 'SURPLUS' }]);
    expect(await statusOf(id)).toBe('PAID');
  });

  test('of 250 for which 10 come stays unpaid, and the 10 go back', async () => {
    const id = await place();
    await payOnPage(await sessionOf(id), { result: 'paid', amount: 10 });
    await settled(id, [{ amount: 10, status: 'SUCCEEDED', reason: 'MISMATCH' }]);
    expect(await statusOf(id)).toBe('PENDING_PAYMENT');
  });

  test('that is cancelled after its payment gets everything back', async () => {
    const id = await place();
    await payOnPage(await sessionOf(id), { result: 'paid' });
    await until(async () => (await statusOf(id)) === 'PAID', { what: 'the order is paid' });
    await cancel(id);
    await settled(id, [{ amount: 250, status: 'SUCCEEDED', reason: 'CANCELLED' }]);
    expect(await statusOf(id)).toBe('CANCELLED');
  });

  test('that was cancelled before its payment gets one refund', async () => {
    const id = await place();
    await cancel(id);
    await transfer(id, 250);
    await settled(id, [{ amount: 250, status: 'SUCCEEDED', reason: 'LATE' }]);
    expect(await statusOf(id)).toBe('CANCELLED');
  });

  test('that does not exist gets its money back', async () => {
    const id = `${randomUUID().slice(0, 14)}8${randomUUID().slice(15)}`;
    await transfer(id, 777);
    await settled(id, [{ amount: 777, status: 'SUCCEEDED', reason: 'UNMATCHED' }]);
  });

  test('whose customer gives up has failed, and a declined card changes nothing', async () => {
    const id = await place();
    const url = await sessionOf(id);
    await payOnPage(url, { result: 'declined' });
    await payOnPage(url, { result: 'failed' });
    await until(async () => (await statusOf(id)) === 'PAYMENT_FAILED', { what: 'the failure' });
  });
});

describe('the list of the provider', () => {
  const dayMs = 24 * 3_600_000;
  const everyMs = 15 * 60_000;

  /** Lists the provider so much later, and compares it at once. */
  async function compareIn(laterMs: number): Promise<string[]> {
    const nowMs = () => Date.now() + laterMs;
    const { mysql } = world.arena;
    const { signal } = new AbortController();
    const listings = createListings({ pool: mysql.pool, everyMs, keptMs: 10 * dayMs });
    const adapter = adapterOf(provider.url);
    await visit({ listings, everyMs, nowMs, log: quietLog, metrics: noMetrics }, adapter, signal);
    adapter.close();
    const clock = { ...systemClock, nowMs };
    const limits = { pendingGraceMs: dayMs, paidMaxMs: dayMs, shippedMaxMs: dayMs, deliveredMaxMs: dayMs };
    const refunds = { timerMaxMs: dayMs, refundMaxMs: dayMs, refundPendingMaxMs: dayMs };
    const check = bookCheck({
      ...{ connect: () => mysql.connect(), pace: createPace(clock, () => 0), clock, isDecided: () => true },
      stuck: { ...limits, ...refunds, providerGraceMs: 0 },
    });
    const tally = createTally([], 100);
    await check.run([], tally, signal);
    return tally
      .kept()
      .map(({ kind, subject, expected, actual }) => `${kind} ${subject}: ${expected}, ${actual}`);
  }

  test('agrees with all these lives, and shows a refund at its desk', async () => {
    const id = await place();
    const { payments: paid } = await payOnPage(await sessionOf(id), { result: 'paid' });
    await until(async () => (await statusOf(id)) === 'PAID', { what: 'the order is paid' });
    // The service listed the provider at its start.
    expect(await compareIn(2 * everyMs)).toEqual([]);
    const [{ n }] = (await world.arena.mysql.pool.rows(
      "SELECT COUNT(*) AS n FROM provider_records WHERE status IN ('captured', 'succeeded')",
    )) as [{ n: number }];
    // Seven payments and five refunds of the other tests, and this payment.
    expect(Number(n)).toBe(13);
    const desk = { key: null, payment: paid[0], amount: 40, currency: 'EUR' };
    const { id: refundId } = (await control(provider.url, 'POST', '/v1/refunds', desk)) as { id: string };
    expect(await compareIn(4 * everyMs)).toEqual([
      `PROVIDER_DIFFERS local/${refundId}: succeeded 40 EUR, no refund`,
    ]);
    // The order still has all its money.
    expect(await statusOf(id)).toBe('PAID');
  });
});

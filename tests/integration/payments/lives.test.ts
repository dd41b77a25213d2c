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
import { uuidToBytes } from '../../../services/shared/mysql/index.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { spawnService, type WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import {
  control,
  type ProviderProcess,
  payOnPage,
  providerKey,
  signingSecret,
  spawnProvider,
} from '../../support/programs/payment-provider.ts';
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

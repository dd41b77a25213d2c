/** `orderstream pay` with each option, on real servers and with the local provider. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrderstreamClient } from '../../../cli/client/index.ts';
import type { Ingestion } from '../../../services/ingestion/service.ts';
import { uuidToBytes } from '../../../services/shared/mysql/index.ts';
import { instanceDir, localPaymentSettings, readInstance } from '../../../stack/index.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { spawnService, type WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { type Ended, orderstream } from '../../support/programs/command-line.ts';
import { type ProviderProcess, spawnProvider } from '../../support/programs/payment-provider.ts';
import { freePort } from '../../support/servers/free-port.ts';
import { testStack, unique, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const topicPrefix = useTopicPrefix('pay');
const database = useDatabase('pay');
const dir = mkdtempSync(path.join(tmpdir(), 'pay-'));
const { name } = testStack();
let world: ApiWorld;
let api: Ingestion;
let client: OrderstreamClient;
let provider: ProviderProcess;
let payments: WorkerProcess;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix, mysqlUrl: database().url });
  const port = await freePort();
  // The command finds the provider by the port and the key of the instance.
  const { key, signingSecret } = localPaymentSettings(instanceDir(name));
  provider = await spawnProvider({
    ...{ file: path.join(dir, 'state.sqlite'), port: readInstance(name)!.ports.paymentProvider },
    ...{ callbackUrl: `http://127.0.0.1:${port}/v1/payments/callbacks/local`, key, signingSecret },
  });
  const env = {
    PAYMENT_LOCAL_URL: provider.url,
    PAYMENT_LOCAL_KEY: key,
    PAYMENT_LOCAL_CALLBACK_SECRETS: signingSecret,
  };
  api = await world.startApi({ ...env, PORT: String(port) });
  client = world.clientOf(api, 'c1');
  await world.arena.startWorker();
  payments = await spawnService('payments', {
    ...{ ...world.arena.env, ...env, INSTANCE_ID: unique('payments'), REFUND_RETRY_MIN: '100ms' },
  });
});

afterAll(async () => {
  await payments.kill();
  await world.close();
  await provider.end();
  rmSync(dir, { recursive: true, force: true });
});

/** A decided order of 250. */
async function place(): Promise<string> {
  const { data } = await client.POST('/v1/orders', {
    params: placeHeaders(unique('pay'), 20),
    body: orderOf(),
  });
  return data!.id!;
}

async function cancel(id: string): Promise<void> {
  await client.POST('/v1/orders/{id}/cancel', {
    params: { path: { id }, header: { Prefer: 'wait=20' } },
    body: {},
  });
}

function pay(id: string, ...options: string[]): Promise<Ended> {
  const env = { ...world.arena.env, ORDERSTREAM_URL: api.url, ORDERSTREAM_ISSUER_DIR: issuerDir() };
  return orderstream({ name, env }, ['pay', id, ...options]);
}

const issuerDir = (): string => path.dirname(world.issuer.jwksPath);

/** What the command prints, without ids and with plain spaces. */
const printed = ({ stdout }: Ended): string[] =>
  stdout
    .replaceAll('\u00a0', ' ')
    .replaceAll(/pay_[0-9a-f]+/g, 'pay_…')
    .replaceAll(/`orderstream payments show [0-9a-f-]+`/g, '`…`')
    .trimEnd()
    .split('\n');

const rowsOf = (table: 'payments' | 'refunds', columns: string, id: string) =>
  world.arena.mysql.pool.rows<Record<string, unknown>>(
    `SELECT ${columns} FROM ${table} WHERE order_id = ? ORDER BY 1, 2`,
    [uuidToBytes(id)],
  );

/** Payments and refunds, once there are so many and no refund is open. */
async function moneyOf(id: string, count: { payments: number; refunds: number }) {
  return until(
    async () => {
      const paid = await rowsOf('payments', 'amount, disposition', id);
      const back = await rowsOf('refunds', 'amount, reason, status', id);
      const isOpen = back.some(({ status }) => status === 'REQUESTED');
      if (isOpen || paid.length !== count.payments || back.length !== count.refunds) return null;
      return [...paid, ...back].map((row) => Object.values(row).join(' '));
    },
    { what: `the money of ${id}`, deadlineMs: 30_000, everyMs: 100 },
  );
}

const statusOf = async (id: string): Promise<string> => {
  const { data } = await client.GET('/v1/orders/{id}', { params: { path: { id } } });
  return data!.status;
};

describe('an unpaid order', () => {
  const waits = 'the order is PENDING_PAYMENT (`…` shows its money)';
  const paid = 'the order is PAID (`…` shows its money)';

  test.each([
    ['without options', [], ['paid: EUR 2.50 pay_…', paid], ['250 SETTLES'], 0],
    [
      'with --amount 10',
      ['--amount', '10'],
      ['paid: EUR 0.10 pay_…', waits],
      ['10 MISMATCH', '10 MISMATCH SUCCEEDED'],
      1,
    ],
    ['with --late', ['--late'], ['paid: EUR 2.50 pay_…', paid], ['250 SETTLES'], 0],
    [
      'with --late --amount 7',
      ['--late', '--amount', '7'],
      ['paid: EUR 0.07 pay_…', waits],
      ['7 MISMATCH', '7 MISMATCH SUCCEEDED'],
      1,
    ],
    [
      'with --twice',
      ['--twice'],
      ['paid: EUR 2.50 pay_… pay_…', paid],
      ['250 SETTLES', '250 SURPLUS', '250 SURPLUS SUCCEEDED'],
      1,
    ],
  ])('is paid %s', async (_what, options, lines, money, refunds) => {
    const id = await place();
    const ended = await pay(id, ...options);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(printed(ended)).toEqual(lines);
    expect(await moneyOf(id, { payments: money.length - refunds, refunds })).toEqual(money);
    expect(await statusOf(id)).toBe(lines[1] === paid ? 'PAID' : 'PENDING_PAYMENT');
  });

  test('stays unpaid with --result declined, and can then be paid', async () => {
    const id = await place();
    expect(printed(await pay(id, '--result', 'declined'))[1]).toBe(waits);
    expect(await moneyOf(id, { payments: 0, refunds: 0 })).toEqual([]);
    expect(printed(await pay(id))[1]).toBe(paid);
  });

  test('ends with --result failed, and takes no payment any more', async () => {
    const id = await place();
    expect(printed(await pay(id, '--result', 'failed'))[1]).toMatch(/^the order is PAYMENT_FAILED /);
    expect(await pay(id)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^orderstream: the order cannot be paid: NOT_PAYABLE: /),
    });
  });
});

test('money for a cancelled order with --late --twice goes back, each payment once', async () => {
  const id = await place();
  await cancel(id);
  const ended = await pay(id, '--late', '--twice');
  expect(printed(ended)).toEqual([
    'paid: EUR 2.50 pay_… pay_…',
    'the order is CANCELLED (`…` shows its money)',
  ]);
  expect(await moneyOf(id, { payments: 2, refunds: 2 })).toEqual([
    ...['250 LATE', '250 LATE', '250 LATE SUCCEEDED', '250 LATE SUCCEEDED'],
  ]);
});

test('a paid order takes a second payment only with --late, and it goes back', async () => {
  const id = await place();
  await pay(id);
  expect(await pay(id)).toMatchObject({ code: 1, stderr: expect.stringContaining('NOT_PAYABLE') });
  expect(await pay(id, '--late')).toMatchObject({ code: 0 });
  expect(await moneyOf(id, { payments: 2, refunds: 1 })).toEqual([
    ...['250 SETTLES', '250 SURPLUS', '250 SURPLUS SUCCEEDED'],
  ]);
});

test.each([
  [['--amount', '0'], 2],
  [['--amount', '1.5'], 2],
  [['--result', 'perhaps'], 2],
])('%j is refused, and moves no money', async (options, code) => {
  const id = await place();
  expect(await pay(id, ...options)).toMatchObject({ code, stdout: '' });
  expect(await moneyOf(id, { payments: 0, refunds: 0 })).toEqual([]);
});

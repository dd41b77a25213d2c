/**
 * An operator settles refunds by hand while services/payments works on them. The order of the log decides. The money of the
 * order moves once, and whoever comes second leaves a refused command.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { uuidToBytes } from '../../../services/shared/mysql/index.ts';
import {
  type PaymentEvent,
  paymentCommand,
  recordRefundCommand,
} from '../../../services/shared/payment-provider/index.ts';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import { cancelCommand, createProducer, type Producer, placeCommand } from '../../support/arena/load.ts';
import { confirmCommand } from '../../support/arena/money-commands.ts';
import { spawnService, type WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { moneyFaults } from '../../support/arena/reading/money.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { orderstream } from '../../support/programs/command-line.ts';
import {
  type CallbackReceiver,
  control,
  type ProviderProcess,
  providerKey,
  receiveCallbacks,
  signingSecret,
  spawnProvider,
} from '../../support/programs/payment-provider.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const topicPrefix = useTopicPrefix('settle-race');
const database = useDatabase('settle_race');
const dir = mkdtempSync(path.join(tmpdir(), 'settle-race-'));
const sku = 'SKU-0';
const total = 250;
let arena: Arena;
let producer: Producer;
let receiver: CallbackReceiver;
let provider: ProviderProcess;
let payments: WorkerProcess;

beforeAll(async () => {
  const stock = new Map([[sku, 1_000]]);
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix, stock });
  producer = await createProducer(arena);
  receiver = await receiveCallbacks();
  provider = await spawnProvider({ file: path.join(dir, 'state.sqlite'), callbackUrl: receiver.url });
  const start = {
    ...arena.env,
    PAYMENT_LOCAL_URL: provider.url,
    PAYMENT_LOCAL_KEY: providerKey,
    PAYMENT_LOCAL_CALLBACK_SECRETS: signingSecret,
    PAYMENT_TIMEOUT: '2s',
    REFUND_RETRY_MIN: '100ms',
  };
  [payments] = await Promise.all([spawnService('payments', start), arena.startWorker()]);
});
afterAll(async () => {
  await payments.kill();
  await producer.close();
  await arena.close();
  await provider.end();
  await receiver.close();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => faults({}));

async function faults(changes: object): Promise<void> {
  await control(provider.url, 'PUT', '/v1/faults', { hangs: 0, lostAnswers: 0, ...changes });
}

/** An order that was paid at the provider, and cancelled. */
async function cancelled(): Promise<{ orderId: string; payment: string }> {
  // The form of an order id. The callback of another reference is about no order.
  const orderId = `${randomUUID().slice(0, 14)}8${randomUUID().slice(15)}`;
  const transfer = { reference: orderId, amount: total, currency: 'EUR' };
  const { payment } = (await control(provider.url, 'POST', '/v1/transfers', transfer)) as { payment: string };
  await producer.send(placeCommand(orderId, [sku]));
  await producer.send(confirmCommand(orderId, payment, total));
  await producer.send(cancelCommand(orderId));
  return { orderId, payment };
}

interface RefundRow {
  readonly id: string;
  readonly status: string;
  readonly result_provider: string | null;
  readonly state: string | null;
  readonly tries: number | null;
}

async function refundOf(orderId: string): Promise<RefundRow | undefined> {
  const rows = await arena.mysql.pool.rows<RefundRow>(
    `SELECT LOWER(INSERT(INSERT(INSERT(INSERT(HEX(r.refund_id), 21, 0, '-'), 17, 0, '-'), 13, 0, '-'), 9, 0, '-')) AS id,
       r.status, r.result_provider, a.state, a.tries
     FROM refunds r LEFT JOIN refund_attempts a ON a.refund_id = r.refund_id WHERE r.order_id = ?`,
    [uuidToBytes(orderId)],
  );
  expect(rows.length).toBeLessThanOrEqual(1);
  return rows[0];
}

const refundWhere = (orderId: string, fits: (row: RefundRow) => boolean, what: string): Promise<RefundRow> =>
  until(
    async () => {
      const row = await refundOf(orderId);
      return row !== undefined && fits(row) ? row : null;
    },
    { what, deadlineMs: 60_000 },
  );

const settle = (refundId: string, reference: string) =>
  orderstream({ name: testStack().name, env: arena.env }, [
    ...['refunds', 'settle', refundId, '--reference', reference],
  ]);

/** The delay after calls without an answer grows to minutes. */
const nextStepNow = () =>
  arena.mysql.pool.write('UPDATE refund_attempts SET next_at_ms = 1 WHERE next_at_ms IS NOT NULL');

async function refundedOf(orderId: string): Promise<object> {
  const [row] = await arena.mysql.pool.rows<{ refunded: number; refund_pending: number }>(
    'SELECT refunded, refund_pending FROM orders WHERE order_id = ?',
    [uuidToBytes(orderId)],
  );
  return { ...row };
}

async function madeOf(payment: string): Promise<number> {
  const { refunds } = (await control(provider.url, 'GET', `/v1/refunds?payment=${payment}`)) as {
    refunds: object[];
  };
  return refunds.length;
}

/** What the provider reports about the refund of this order. */
const callbackOf = (orderId: string): Promise<PaymentEvent> =>
  until(() => receiver.events().find((event) => event.kind === 'refund' && event.reference === orderId), {
    what: 'the callback of the provider',
  });

test('a refund that is settled by hand while the provider hangs is never paid by the provider', {
  timeout: 120_000,
}, async () => {
  await faults({ hangs: 1 });
  const { orderId, payment } = await cancelled();
  const { id } = await refundWhere(orderId, ({ tries }) => (tries ?? 0) > 0, 'the first call');
  expect(await settle(id, 'BANK-1')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('the provider may have paid it too'),
  });
  await refundWhere(orderId, ({ status }) => status === 'SUCCEEDED', 'the settlement');
  await faults({});
  await nextStepNow();
  const row = await refundWhere(orderId, ({ state }) => state === 'DONE', 'the end of the attempts');
  expect(row).toMatchObject({ status: 'SUCCEEDED', result_provider: 'manual' });
  expect(await madeOf(payment)).toBe(0);
  expect(await refundedOf(orderId)).toEqual({ refunded: total, refund_pending: 0 });
});

test('a refund that the provider has paid cannot be settled by hand', async () => {
  const { orderId, payment } = await cancelled();
  const { id } = await refundWhere(orderId, ({ status }) => status === 'SUCCEEDED', 'the refund');
  expect(await settle(id, 'BANK-2')).toMatchObject({
    code: 1,
    stderr: 'orderstream: the refund has succeeded already\n',
  });
  expect(await madeOf(payment)).toBe(1);
  expect(await refundedOf(orderId)).toEqual({ refunded: total, refund_pending: 0 });
});

test('a result of the provider after a settlement by hand is refused, and the order counts one refund', async () => {
  await faults({ lostAnswers: 1 });
  const { orderId, payment } = await cancelled();
  const { id } = await refundWhere(orderId, ({ tries }) => (tries ?? 0) > 0, 'the first call');
  const result = await callbackOf(orderId);
  await settle(id, 'BANK-3');
  await refundWhere(orderId, ({ status }) => status === 'SUCCEEDED', 'the settlement');
  const { partition, offset } = await producer.send(paymentCommand('local', result, Date.now()));
  await arena.quiesce();
  const outcome = (await readOutcomes(arena)).get(`${partition}-${offset}`);
  expect(outcome).toMatchObject({ outcome: 'REFUSED', reason: { code: 'REFUND_DIFFERS' } });
  await faults({});
  expect(await refundedOf(orderId)).toEqual({ refunded: total, refund_pending: 0 });
  expect(await madeOf(payment)).toBe(1);
});

test('of 20 refunds that both settle at once, each one counts once, and each second result is refused', {
  timeout: 120_000,
}, async () => {
  const orders = await Promise.all(Array.from({ length: 20 }, cancelled));
  const manual = await Promise.all(
    orders.map(async ({ orderId }, n) => {
      const { id } = await refundWhere(orderId, () => true, 'the refund');
      const result = { provider: 'manual', orderId, refundId: id, providerRefundId: `BANK-4-${n}` };
      const more = { providerEventId: `BANK-4-${n}`, succeeded: true, failureCode: null };
      return producer.send(
        recordRefundCommand({ ...result, ...more, amount: total, currency: 'EUR' }, Date.now()),
      );
    }),
  );
  // No more call follows: the result of the provider is in the log, or the refund was settled before.
  // A refund that was settled before the first call has no row of calls.
  const ended = (row: RefundRow | undefined) =>
    row?.state === 'TOLD' || row?.state === 'DONE' || (row?.state === null && row.status === 'SUCCEEDED');
  await until(
    async () => {
      const rows = await Promise.all(orders.map(({ orderId }) => refundOf(orderId)));
      if (rows.every(ended)) return true;
      // Each call without an answer puts the next step off again.
      await nextStepNow();
      return null;
    },
    { what: 'the end of the calls', deadlineMs: 60_000, everyMs: 500 },
  );
  const made = new Map<string, number>();
  for (const { orderId, payment } of orders) {
    made.set(orderId, await madeOf(payment));
    // The answer of a slow call is lost. Ingestion gets the callback in any case.
    if (made.get(orderId) === 1)
      await producer.send(paymentCommand('local', await callbackOf(orderId), Date.now()));
  }
  await arena.quiesce();
  const outcomes = await readOutcomes(arena);
  const results = [...outcomes.values()].filter(({ commandType }) => commandType === 'RECORD_REFUND');
  for (const [n, { orderId }] of orders.entries()) {
    const row = await refundOf(orderId);
    const own = results.filter((event) => event.orderId === orderId);
    const applied = own.filter(({ outcome }) => outcome === 'APPLIED');
    const ofOperator = outcomes.get(`${manual[n]!.partition}-${manual[n]!.offset}`)!;
    expect(row).toMatchObject({ status: 'SUCCEEDED' });
    expect(applied).toHaveLength(1);
    expect(row!.result_provider).toBe(ofOperator.outcome === 'APPLIED' ? 'manual' : 'local');
    // The provider pays at most once. What it paid beside the operator is in the log as a refused result.
    expect(made.get(orderId)).toBeLessThanOrEqual(1);
    const refused = own.filter(({ reason }) => reason?.code === 'REFUND_DIFFERS').length;
    expect(refused > 0).toBe(made.get(orderId) === 1);
    expect(await refundedOf(orderId)).toEqual({ refunded: total, refund_pending: 0 });
  }
  expect(await moneyFaults(arena)).toEqual([]);
});

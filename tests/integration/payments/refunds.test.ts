/** The queue and the loop of services/payments on a real database, with the real local provider. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createRefundQueue } from '../../../services/payments/refunds/refund-queue.ts';
import { type Sender, startSender } from '../../../services/payments/refunds/sender.ts';
import { noMetrics } from '../../../services/shared/metrics/index.ts';
import { createMysql, type Mysql, uuidToBytes } from '../../../services/shared/mysql/index.ts';
import type { PaymentCommand } from '../../../services/shared/payment-provider/index.ts';
import { insertRefund, type RefundRow, settleRefund } from '../../support/payments/refund-rows.ts';
import {
  adapterOf,
  type CallbackReceiver,
  control,
  type ProviderProcess,
  receiveCallbacks,
  spawnProvider,
} from '../../support/programs/payment-provider.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { until, useDatabase } from '../../support/servers/stack.ts';

const database = useDatabase('payments');
const dir = mkdtempSync(path.join(tmpdir(), 'refunds-'));
const hourMs = 3_600_000;
let mysql: Mysql;
let receiver: CallbackReceiver;
let provider: ProviderProcess;
let senders: Sender[] = [];
const adapters: ReturnType<typeof adapterOf>[] = [];
/** Commands in the log, and how far the clock of the senders is ahead. */
let commands: PaymentCommand[];
let aheadMs: number;
let isOnHold: boolean;
/** Whether the fake worker decides the commands. */
let isDeciding: boolean;

beforeAll(async () => {
  mysql = createMysql({ url: database().url, log: quietLog });
  receiver = await receiveCallbacks();
  provider = await spawnProvider({ file: path.join(dir, 'state.sqlite'), callbackUrl: receiver.url });
});
afterAll(async () => {
  await provider.end();
  await receiver.close();
  await mysql.close();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  await mysql.pool.write('DELETE FROM refund_attempts');
  await mysql.pool.write('DELETE FROM refunds');
  await faults({});
  commands = [];
  aheadMs = 0;
  isOnHold = false;
  isDeciding = true;
});
afterEach(async () => {
  await Promise.all(senders.map((sender) => sender.stop(5_000)));
  for (const adapter of adapters.splice(0)) adapter.close();
  senders = [];
});

const noFaults = {
  errors: 0,
  hangs: 0,
  lostAnswers: 0,
  pendingRefunds: 0,
  failedRefunds: 0,
  failuresAfterSuccess: 0,
};

async function faults(changes: object): Promise<void> {
  await control(provider.url, 'PUT', '/v1/faults', { ...noFaults, keyMemoryMs: 86_400_000, ...changes });
}

async function capture(amount = 5_000, currency = 'EUR'): Promise<string> {
  const body = { reference: randomUUID(), amount, currency };
  return ((await control(provider.url, 'POST', '/v1/transfers', body)) as { payment: string }).payment;
}

/** Starts a sender whose calls end after 300 ms. */
function start(instanceId = 'payments-1'): Sender {
  const local = adapterOf(provider.url, 300);
  adapters.push(local);
  const sender = startSender({
    queue: createRefundQueue({ pool: mysql.pool, instanceId }),
    providers: new Map([['local', local]]),
    isOnHold: async () => isOnHold,
    async append(command) {
      commands.push(command);
      const { payload } = command as { payload: { refundId: string; succeeded: boolean } };
      if (isDeciding) await settleRefund(mysql.pool, payload.refundId, payload.succeeded);
      return null;
    },
    nowMs: () => Date.now() + aheadMs,
    random: () => 0,
    retryMinMs: 50,
    inFlightMax: 8,
    leaseMs: 2_000,
    log: quietLog,
    metrics: noMetrics,
  });
  senders.push(sender);
  return sender;
}

async function attemptOf({ refundId }: RefundRow) {
  const [row] = await mysql.pool.rows<{
    state: string;
    attempts: number;
    last_error: string | null;
    due_at_ms: number;
  }>(
    'SELECT state, tries AS attempts, last_reason AS last_error, next_at_ms AS due_at_ms FROM refund_attempts WHERE refund_id = ?',
    [uuidToBytes(refundId)],
  );
  return row ?? null;
}

async function statusOf({ refundId }: RefundRow): Promise<string> {
  const [row] = await mysql.pool.rows<{ status: string }>('SELECT status FROM refunds WHERE refund_id = ?', [
    uuidToBytes(refundId),
  ]);
  return row!.status;
}

/** Refunds of this payment that the provider has. */
async function madeOf(payment: string): Promise<{ status: string; amount: number }[]> {
  const { refunds } = (await control(provider.url, 'GET', `/v1/refunds?payment=${payment}`)) as {
    refunds: { status: string; amount: number }[];
  };
  return refunds;
}

it('pays a refund once and records it, with 9899 JPY as 9899', async () => {
  const payment = await capture(9_899, 'JPY');
  const refund = await insertRefund(mysql.pool, payment, { amount: 9_899, currency: 'JPY' });
  start();
  await until(async () => (await statusOf(refund)) === 'SUCCEEDED', { what: 'the refund' });
  expect(await madeOf(payment)).toMatchObject([{ status: 'succeeded', amount: 9_899 }]);
  expect(commands).toHaveLength(1);
});

it('a settled refund leaves the queue', async () => {
  const refund = await insertRefund(mysql.pool, await capture());
  start();
  await until(async () => (await attemptOf(refund))?.state === 'TOLD', { what: 'the end of the call' });
  aheadMs = 61_000;
  await until(async () => (await attemptOf(refund))?.state === 'DONE', { what: 'the end of its work' });
  expect(commands).toHaveLength(1);
});

it('three instances pay 60 refunds, each once', async () => {
  const payments = await Promise.all(Array.from({ length: 60 }, () => capture()));
  const refunds = await Promise.all(payments.map((payment) => insertRefund(mysql.pool, payment)));
  for (const name of ['payments-1', 'payments-2', 'payments-3']) start(name);
  for (const refund of refunds)
    await until(async () => (await statusOf(refund)) === 'SUCCEEDED', { what: 'each refund' });
  for (const payment of payments) expect(await madeOf(payment)).toHaveLength(1);
  expect(commands.length).toBe(60);
});

it.each(['errors', 'hangs', 'lostAnswers'])(
  'pays once although the provider has the fault %s for some calls',
  async (fault) => {
    const payment = await capture();
    await faults({ [fault]: 1 });
    const refund = await insertRefund(mysql.pool, payment);
    start();
    await until(async () => ((await attemptOf(refund))?.attempts ?? 0) >= 3, { what: 'three calls' });
    expect(await statusOf(refund)).toBe('REQUESTED');
    expect(commands).toEqual([]);
    await faults({});
    await until(async () => (await statusOf(refund)) === 'SUCCEEDED', { what: 'the refund' });
    expect(await madeOf(payment)).toHaveLength(1);
  },
);

it('with an unknown outcome and a forgotten key it asks first, and never pays twice', async () => {
  const payment = await capture(10_000);
  await faults({ lostAnswers: 1 });
  const refund = await insertRefund(mysql.pool, payment);
  const first = start();
  await until(async () => (await attemptOf(refund))?.last_error != null, { what: 'the lost answer' });
  await first.stop(5_000);
  // The provider made the refund. A call with the key that it has forgotten would pay again.
  await faults({ keyMemoryMs: 0 });
  aheadMs = 20 * hourMs;
  start('payments-2');
  await until(async () => (await statusOf(refund)) === 'SUCCEEDED', { what: 'the answer' });
  expect(await madeOf(payment)).toMatchObject([{ amount: 5_000 }]);
});

it('a pending refund stays REQUESTED, and is found by the hourly question', async () => {
  await faults({ pendingRefunds: 1, settleMs: 1 });
  const refund = await insertRefund(mysql.pool, await capture());
  start();
  await until(async () => (await attemptOf(refund))?.state === 'PENDING', { what: 'the pending refund' });
  expect([await statusOf(refund), commands]).toEqual(['REQUESTED', []]);
  aheadMs = hourMs + 1_000;
  await until(async () => (await statusOf(refund)) === 'SUCCEEDED', { what: 'the refund' });
});

it('a refund that the provider refuses ends as FAILED', async () => {
  const payment = await capture(5_000);
  await control(provider.url, 'POST', '/v1/refunds', { key: null, payment, amount: 4_000, currency: 'EUR' });
  const refund = await insertRefund(mysql.pool, payment);
  start();
  await until(async () => (await statusOf(refund)) === 'FAILED', { what: 'the failure' });
  expect(commands).toMatchObject([
    { payload: { succeeded: false, providerRefundId: null, failureCode: 'REFUND_TOO_LARGE' } },
  ]);
});

it('a refund that the provider fails ends as FAILED with its code', async () => {
  await faults({ failedRefunds: 1 });
  const refund = await insertRefund(mysql.pool, await capture());
  start();
  await until(async () => (await statusOf(refund)) === 'FAILED', { what: 'the failure' });
  expect(commands).toMatchObject([
    { payload: { succeeded: false, providerRefundId: expect.any(String), failureCode: 'account_closed' } },
  ]);
});

it('after 10 calls without an answer it stays REQUESTED; once the provider says none, it is given up', async () => {
  await faults({ errors: 1 });
  const refund = await insertRefund(mysql.pool, await capture());
  const first = start();
  await until(
    async () => {
      // Brings the next try near.
      await mysql.pool.write("UPDATE refund_attempts SET next_at_ms = 0 WHERE state = 'OPEN' AND tries < 10");
      return (await attemptOf(refund))?.attempts === 10;
    },
    { what: '10 calls' },
  );
  // Ends the last call before the clock moves.
  await first.stop(5_000);
  aheadMs = 61_000;
  start('payments-2');
  await until(async () => ((await attemptOf(refund))?.due_at_ms ?? 0) > Date.now() + aheadMs + hourMs / 2, {
    what: 'the hourly question',
  });
  expect([await statusOf(refund), commands]).toEqual(['REQUESTED', []]);
  await faults({});
  aheadMs += hourMs;
  await until(async () => (await statusOf(refund)) === 'FAILED', { what: 'the end' });
  expect(commands).toMatchObject([
    { payload: { succeeded: false, providerRefundId: null, failureCode: null } },
  ]);
  expect((await attemptOf(refund))?.attempts).toBe(10);
});

it('while automatic refunds are on hold, only the others are paid', async () => {
  isOnHold = true;
  const automatic = ['MISMATCH', 'SURPLUS', 'LATE', 'UNMATCHED'];
  const held = await Promise.all(
    automatic.map(async (reason) => insertRefund(mysql.pool, await capture(), { reason })),
  );
  const asked = await insertRefund(mysql.pool, await capture(), { reason: 'CANCELLED' });
  start();
  await until(async () => (await statusOf(asked)) === 'SUCCEEDED', { what: 'the refund that was asked for' });
  for (const refund of held)
    await until(async () => (await attemptOf(refund))?.last_error === 'automatic refunds are on hold', {
      what: 'the hold',
    });
  expect(await Promise.all(held.map(statusOf))).toEqual(['REQUESTED', 'REQUESTED', 'REQUESTED', 'REQUESTED']);
  isOnHold = false;
  aheadMs = 31_000;
  for (const refund of held)
    await until(async () => (await statusOf(refund)) === 'SUCCEEDED', { what: 'the refunds after the hold' });
});

it('a refund of a provider that this process does not have waits, and blocks no other', async () => {
  const other = await insertRefund(mysql.pool, 'pay_other', { provider: 'other' });
  const refund = await insertRefund(mysql.pool, await capture());
  start();
  await until(async () => (await statusOf(refund)) === 'SUCCEEDED', { what: 'the refund' });
  await until(async () => (await attemptOf(other))?.last_error != null, { what: 'the note' });
  expect(await attemptOf(other)).toMatchObject({ attempts: 0, state: 'OPEN' });
});

it('a process that dies in a call leaves a refund that another pays with the same key', async () => {
  const payment = await capture();
  await faults({ lostAnswers: 1 });
  const refund = await insertRefund(mysql.pool, payment);
  const dying = createRefundQueue({ pool: mysql.pool, instanceId: 'payments-dying' });
  await dying.adopt(Date.now());
  const [leased] = await dying.lease(1, Date.now(), 300);
  await adapterOf(provider.url, 300).refund(leased!.refund);
  await faults({});
  start('payments-2');
  await until(async () => (await statusOf(refund)) === 'SUCCEEDED', { what: 'the refund' });
  expect(await madeOf(payment)).toHaveLength(1);
  // Its late result changes nothing.
  await dying.settle(leased!, { state: 'OPEN', dueAtMs: 0, error: 'late' });
  expect((await attemptOf(refund))?.last_error).toBeNull();
});

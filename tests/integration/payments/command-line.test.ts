/** The refunds of an order on the command line: shown, retried once after a failure, and settled by hand once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import {
  cancelCommand,
  createProducer,
  newOrderOf,
  type Producer,
  placeCommand,
} from '../../support/arena/load.ts';
import { confirmCommand, refundResult } from '../../support/arena/money-commands.ts';
import { moneyFaults } from '../../support/arena/reading/money.ts';
import { type Ended, orderstream } from '../../support/programs/command-line.ts';
import { testStack, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('refund-commands');
const database = useDatabase('refund_commands');
const sku = 'SKU-0';
const total = 250;
let arena: Arena;
let producer: Producer;

beforeAll(async () => {
  const stock = new Map([[sku, 100]]);
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
  await arena.startWorker();
});

afterAll(async () => {
  await producer.close();
  await arena.close();
});

const run = (...args: string[]): Promise<Ended> =>
  orderstream({ name: testStack().name, env: arena.env }, args);

interface Shown {
  readonly order: { readonly status: string; readonly refunded: number };
  readonly payments: readonly object[];
  readonly refunds: readonly { readonly refund_id: string; readonly status: string }[];
}

async function show(orderId: string): Promise<Shown> {
  await arena.quiesce();
  const { code, stdout, stderr } = await run('payments', 'show', orderId, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Shown;
}

/** An order that was paid and cancelled. The provider failed its refund. */
async function failedRefund(): Promise<{ orderId: string; refundId: string }> {
  const orderId = newOrderOf(0);
  for (const command of [
    placeCommand(orderId, [sku]),
    confirmCommand(orderId, orderId, total),
    cancelCommand(orderId),
    refundResult(orderId, total, false),
  ])
    await producer.send(command);
  const { payments, refunds } = await show(orderId);
  expect(payments).toMatchObject([{ amount: total, disposition: 'SETTLES' }]);
  expect(refunds).toMatchObject([{ amount: total, status: 'FAILED', reason: 'CANCELLED' }]);
  return { orderId, refundId: refunds[0]!.refund_id };
}

test('a failed refund is retried once, and its retry is settled once', async () => {
  const { orderId, refundId } = await failedRefund();
  const [listed] = JSON.parse((await run('refunds', 'list', '--status', 'FAILED', '--json')).stdout);
  expect(listed).toMatchObject({ refund_id: refundId, order_id: orderId });

  for (let n = 0; n < 2; n++)
    expect(await run('refunds', 'retry', refundId)).toMatchObject({ code: 0, stderr: '' });
  const { refunds } = await show(orderId);
  expect(refunds.map(({ status }) => status)).toEqual(['FAILED', 'REQUESTED']);
  const retryId = refunds[1]!.refund_id;

  const settle = ['refunds', 'settle', retryId, '--reference', 'BANK-1'];
  expect(await run(...settle)).toMatchObject({ code: 0, stderr: '' });
  expect(await show(orderId)).toMatchObject({
    order: { status: 'CANCELLED', refunded: total },
    refunds: [{ status: 'FAILED' }, { status: 'SUCCEEDED', provider_refund_id: 'BANK-1' }],
  });
  expect(await run(...settle)).toMatchObject({
    code: 1,
    stderr: 'orderstream: the refund has succeeded already\n',
  });
  expect(await moneyFaults(arena)).toEqual([]);
});

test('a failed refund that was retried cannot also be settled', async () => {
  const { orderId, refundId } = await failedRefund();
  await run('refunds', 'retry', refundId);
  await run('refunds', 'settle', refundId, '--reference', 'BANK-2');
  expect(await show(orderId)).toMatchObject({
    order: { refunded: 0 },
    refunds: [{ status: 'FAILED' }, { status: 'REQUESTED' }],
  });
  expect(await moneyFaults(arena)).toEqual([]);
});

test.each([
  [
    ['refunds', 'retry', '0c9f7f0e-0000-4000-8000-000000000000'],
    /^orderstream: there is no refund 0c9f7f0e-/,
  ],
  [['payments', 'show', '0c9f7f0e-0000-4000-8000-000000000000'], /^orderstream: there is no order and no /],
])('%j names what is missing', async (args, sentence) => {
  const { code, stdout, stderr } = await run(...args);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(sentence);
});

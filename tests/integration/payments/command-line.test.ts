/** The refunds of an order on the command line: shown, retried once after a failure, and settled by hand once. */
import { userInfo } from 'node:os';
import { beforeAll, expect, test } from 'vitest';
import { cancelCommand, newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { confirmCommand, refundResult } from '../../support/arena/money-commands.ts';
import { moneyFaults } from '../../support/arena/reading/money.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { type Ended, orderstream } from '../../support/programs/command-line.ts';
import { testStack } from '../../support/servers/stack.ts';

const sku = 'SKU-0';
const total = 250;
const used = useArena('refund-commands');
beforeAll(() => used().arena.startWorker());

const run = (...args: string[]): Promise<Ended> =>
  orderstream({ name: testStack().name, env: used().arena.env }, args);

interface Shown {
  readonly order: { readonly status: string; readonly refunded: number };
  readonly payments: readonly object[];
  readonly refunds: readonly { readonly refund_id: string; readonly status: string }[];
}

async function show(orderId: string): Promise<Shown> {
  await used().arena.quiesce();
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
    await used().producer.send(command);
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
  expect(await moneyFaults(used().arena)).toEqual([]);
});

test('a retry and a settlement have one row each in the audit log', async () => {
  const { orderId, refundId } = await failedRefund();
  const audited = async () => {
    const { stdout } = await run('audit', 'list', '--subject', `refund:${refundId}`, '--json');
    return (JSON.parse(stdout) as { entries: object[] }).entries;
  };
  expect(await run('refunds', 'settle', refundId, '--reference', 'BANK-9')).toMatchObject({ code: 0 });
  await used().arena.quiesce();
  const settled = {
    ...{ action: 'refund.settled', actorKind: 'OPERATOR', actor: userInfo().username },
    details: { orderId, amount: 250, currency: 'EUR', reference: 'BANK-9' },
  };
  expect(await audited()).toMatchObject([settled]);
  // A refund that has succeeded is neither settled nor retried, so there are no more rows.
  for (const args of [['retry'], ['settle', '--reference', 'BANK-9']])
    expect(await run('refunds', args[0]!, refundId, ...args.slice(1))).toMatchObject({ code: 1 });
  expect(await audited()).toHaveLength(1);

  const other = await failedRefund();
  await run('refunds', 'retry', other.refundId);
  const { stdout } = await run('audit', 'list', '--action', 'refund.retried', '--json');
  expect(JSON.parse(stdout).entries[0]).toMatchObject({
    subject: `refund:${other.refundId}`,
    details: { orderId: other.orderId, amount: 250, currency: 'EUR' },
  });
});

test('explain names payments, refunds and what the order waits for', async () => {
  const { orderId, refundId } = await failedRefund();
  await run('refunds', 'retry', refundId);
  await used().arena.quiesce();
  const { stdout } = await run('explain', orderId);
  const text = stdout.replaceAll('\u00a0', ' ');
  expect(text).toMatch(/^waits for: refund [0-9a-f-]{36} of EUR 2\.50 at provider local \(0 tries\)$/m);
  expect(text).toMatch(/^payments\n {2}local \S+ +EUR 2\.50 +SETTLES/m);
  expect(text).toMatch(new RegExp(`^refunds\\n {2}${refundId} +EUR 2\\.50 +FAILED +CANCELLED`, 'm'));
  const life = JSON.parse((await run('explain', orderId, '--json')).stdout);
  expect(life.refunds).toMatchObject([{ status: 'FAILED' }, { status: 'REQUESTED' }]);
});

test('a failed refund that was retried cannot also be settled', async () => {
  const { orderId, refundId } = await failedRefund();
  await run('refunds', 'retry', refundId);
  await run('refunds', 'settle', refundId, '--reference', 'BANK-2');
  expect(await show(orderId)).toMatchObject({
    order: { refunded: 0 },
    refunds: [{ status: 'FAILED' }, { status: 'REQUESTED' }],
  });
  expect(await moneyFaults(used().arena)).toEqual([]);
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

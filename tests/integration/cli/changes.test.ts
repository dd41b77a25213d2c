/** `orderstream ship|deliver|return|refund` on real servers: applied, refused, of an unknown order, and repeated. */
import { userInfo } from 'node:os';
import { beforeAll, describe, expect, test } from 'vitest';
import { newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { confirmCommand } from '../../support/arena/money-commands.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { type Ended, orderstream } from '../../support/programs/command-line.ts';
import { testStack } from '../../support/servers/stack.ts';

const sku = 'SKU-0';
/** Each order has 4 units of 250 in one line. */
const quantity = 4;
const total = 1_000;
const unknownId = '0c9f7f0e-0000-8000-8000-000000000000';
const used = useArena('changes');
beforeAll(() => used().arena.startWorker());

const run = (...args: string[]): Promise<Ended> =>
  orderstream({ name: testStack().name, env: used().arena.env }, args);

/** What the command prints; it must end with 0. */
async function said(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.replaceAll('\u00a0', ' ').trimEnd();
}

/** The sentence on stderr; the command must end with 1. */
async function refused(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect([code, stdout]).toEqual([1, '']);
  return stderr.trimEnd();
}

async function paidOrder(): Promise<string> {
  const orderId = newOrderOf(0);
  await used().producer.send(placeCommand(orderId, [sku], quantity));
  await used().producer.send(confirmCommand(orderId, orderId, total));
  return orderId;
}

async function commandsOf(orderId: string): Promise<number> {
  const [row] = await used().arena.mysql.pool.rows<{ n: number }>(
    "SELECT COUNT(*) AS n FROM order_commands WHERE order_id = UNHEX(?) AND command_type <> 'CONFIRM_PAYMENT'",
    [orderId.replaceAll('-', '')],
  );
  return Number(row!.n);
}

test('an order is shipped in two parcels, delivered, returned in part and refunded in part', async () => {
  const id = await paidOrder();
  expect(await said('ship', id, '--line', '1:3', '--carrier', 'Post', '--tracking', 'T-1')).toBe(
    'shipped as parcel 1: 3 of line 1; the order is PAID (version 3)',
  );
  expect(await said('deliver', id, '--shipment', '1', '--at', '1m')).toBe(
    'the delivery is recorded; the order is PAID (version 4)',
  );
  expect(await said('ship', id)).toBe('shipped as parcel 2: 1 of line 1; the order is SHIPPED (version 5)');
  expect(await said('deliver', id)).toBe('the delivery is recorded; the order is DELIVERED (version 6)');
  expect(await said('return', id, '--line', '1:2:1', '--reason', 'broken')).toMatch(
    /^return 1: 2 of line 1 \(1 restocked\); refund [0-9a-f-]{36} of EUR 5\.00 is requested; the order is DELIVERED \(version 7\)$/,
  );
  expect(await said('refund', id, '--amount', '99')).toMatch(
    /^refund [0-9a-f-]{36} of EUR 0\.99 is requested; the order is DELIVERED \(version 8\)$/,
  );
  const life = await said('explain', id);
  expect(life).toMatch(/^waits for: its closing at \S+Z, when its return window ends$/m);
  expect(life).toMatch(/^waits for: refund \S+ of EUR 5\.00 at provider local \(0 tries\)$/m);
  expect(life).toMatch(
    /^parcels\n {2}1 {2}3 of line 1 {2}shipped \S+Z {2}delivered \S+Z {2}Post {2}T-1\n {2}2 {2}1 of line 1 /m,
  );
  expect(life).toMatch(/^returns\n {2}1 {2}2 of line 1 \(1 restocked\) {2}\S+Z {2}refund [0-9a-f-]{36}$/m);
  expect(life).toMatch(/ 4 {2}250 {2}1000 {2}shipped 4 {2}returned 2 {2}restocked 1 {2}refunded 2$/m);
  const shipments = await used().arena.mysql.pool.rows<{ carrier: string; delivered_at_ms: number }>(
    'SELECT carrier, tracking_number, shipped_at_ms, delivered_at_ms FROM shipments JOIN orders USING (order_key) WHERE order_id = UNHEX(?) ORDER BY shipment_no',
    [id.replaceAll('-', '')],
  );
  expect(shipments).toMatchObject([
    { carrier: 'Post', tracking_number: 'T-1' },
    { carrier: null, tracking_number: null },
  ]);
  expect(shipments[1]!.delivered_at_ms - shipments[0]!.delivered_at_ms).toBeGreaterThan(30_000);
}, 120_000);

test('a return without a refund, and refunds of units and of the rest', async () => {
  const id = await paidOrder();
  await said('ship', id);
  expect(await said('return', id, '--line', '1:1:0', '--no-refund')).toMatch(
    /^return 1: 1 of line 1 \(0 restocked\); no refund is requested; the order is SHIPPED \(version 4\)$/,
  );
  expect(await said('refund', id, '--line', '1:1')).toMatch(/^refund \S+ of EUR 2\.50 is requested/);
  expect(await said('refund', id, '--reason', 'goodwill')).toMatch(/^refund \S+ of EUR 7\.50 is requested/);
});

describe('a change that workers refuse ends with 1 and gives the reason', () => {
  test('of a paid order', async () => {
    const id = await paidOrder();
    expect(await refused('ship', id, '--line', '1:5')).toBe(
      'orderstream: nothing was shipped (QUANTITY_TOO_LARGE): The command names 5 units of line 1, and only 4 are left.',
    );
    expect(await refused('deliver', id, '--shipment', '1')).toBe(
      'orderstream: no delivery was recorded (SHIPMENT_UNKNOWN): The order has no shipment 1.',
    );
    expect(await refused('return', id)).toMatch(/^orderstream: no return was recorded \(ILLEGAL_CHANGE\): /);
    expect(await refused('refund', id, '--amount', '1001')).toBe(
      'orderstream: no refund was requested (REFUND_TOO_LARGE): Only 1000 of the payment can still be refunded.',
    );
    expect(await refused('refund', id)).toMatch(/^orderstream: no refund was requested \(CANCEL_INSTEAD\): /);
  });

  test.each(['ship', 'deliver', 'return', 'refund'])('%s of an unknown order', async (name) => {
    const { code, stdout } = await run(name, unknownId, '--json', '--key', `unknown-${name}`);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ orderId: unknownId, outcome: 'REFUSED', isRepeat: false, status: null, version: 0 },
      reason: { code: 'ORDER_UNKNOWN' },
    });
    expect(await refused(name, unknownId)).toContain('(ORDER_UNKNOWN): The order does not exist');
  });
});

describe('with the same key', () => {
  test.each([
    [['ship'], ['ship', '--carrier', 'Post'], []],
    [['deliver'], ['deliver', '--shipment', '1'], [['ship']]],
    [['return', '--line', '1:1'], ['return', '--line', '1:1:0'], [['ship']]],
    [['refund', '--amount', '5'], ['refund', '--amount', '6'], []],
  ])('%j is applied once, and %j is refused', async ([name, ...args], [, ...others], before) => {
    const id = await paidOrder();
    for (const [command] of before) await said(command!, id);
    const first = await said(name!, id, ...args, '--key', 'once');
    expect(await said(name!, id, ...args, '--key', 'once')).toBe(`done before with this key: ${first}`);
    expect(await refused(name!, id, ...others, '--key', 'once')).toMatch(
      / \(KEY_CONFLICT\): Another change /,
    );
    expect(await commandsOf(id)).toBe(before.length + 1);
  });

  test('a refused change stays refused', async () => {
    const id = await paidOrder();
    const first = await refused('return', id, '--key', 'early');
    await said('ship', id);
    expect(await refused('return', id, '--key', 'early')).toBe(
      first.replace('orderstream: ', 'orderstream: refused before with this key: '),
    );
    expect(await said('return', id)).toMatch(/^return 1: 4 of line 1 \(4 restocked\)/);
  });
});

test('--no-wait prints the position and the key, and the command is decided later', async () => {
  const id = await paidOrder();
  const text = await said('ship', id, '--no-wait', '--key', 'later');
  expect(text).toMatch(/^requested at \d+-\d+ with the key later; /);
  await used().arena.quiesce();
  expect(await said('ship', id, '--key', 'later')).toMatch(/^done before with this key: shipped as parcel 1/);
});

test('each command has a row in the audit log, without free texts', async () => {
  const id = await paidOrder();
  await said('ship', id, '--line', '1:2', '--tracking', 'T-9', '--key', 'a');
  await said('deliver', id, '--shipment', '1', '--key', 'b');
  await said('return', id, '--line', '1:1:0', '--reason', 'torn', '--key', 'c');
  await said('refund', id, '--line', '1:1', '--shipping', '--reason', 'sorry', '--key', 'd');
  const { stdout } = await run('audit', 'list', '--subject', `order:${id}`, '--json');
  expect(stdout).not.toMatch(/T-9|torn|sorry/);
  const { entries } = JSON.parse(stdout) as { entries: { action: string; details: object }[] };
  const mine = { actorKind: 'OPERATOR', actor: userInfo().username };
  expect(entries.toReversed()).toMatchObject([
    { ...mine, action: 'order.ship_requested', details: { key: 'a', lines: ['1:2'] } },
    { ...mine, action: 'order.deliver_requested', details: { key: 'b', shipment: 1 } },
    { ...mine, action: 'order.return_requested', details: { key: 'c', lines: ['1:1:0'], refund: true } },
    {
      ...mine,
      action: 'order.refund_requested',
      details: { key: 'd', amount: null, lines: ['1:1'], shipping: true },
    },
  ]);
});

test('a command without an outcome in time names where it is', async () => {
  const id = await paidOrder();
  await used().arena.quiesce();
  await used().arena.killWorkers();
  const sentence = await refused('ship', id, '--wait', '1', '--key', 'slow');
  expect(sentence).toMatch(
    /^orderstream: the command at \d+-\d+ has no outcome after 1 s\. It is in the log: /,
  );
  await used().arena.startWorker();
  expect(await said('ship', id, '--key', 'slow')).toMatch(/shipped as parcel 1: 4 of line 1/);
});

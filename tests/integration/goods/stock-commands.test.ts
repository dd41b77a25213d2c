/** `orderstream stock add|remove|show|history` on real servers: applied, refused, repeated, and not waited for. */
import { beforeAll, expect, test } from 'vitest';
import { operatorActor } from '../../../cli/operator.ts';
import { newOrderOf, placeCommand, sendAll } from '../../support/arena/load.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { type Ended, orderstream } from '../../support/programs/command-line.ts';
import { testStack } from '../../support/servers/stack.ts';

const used = useArena('cli-stock');
const sku = 'SKU-0';
const commandId = expect.stringMatching(/^stock:SKU-0:[0-9a-f]{32}$/) as string;
beforeAll(() => used().arena.startWorker());

const run = (...args: string[]): Promise<Ended> =>
  orderstream({ name: testStack().name, env: used().arena.env }, ['stock', ...args]);

/** What the command prints; it must end with 0. */
async function said(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.trimEnd();
}

/** The sentence on stderr; the command must end with this code. */
async function refused(exitCode: number, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect([code, stdout]).toEqual([exitCode, '']);
  return stderr.trimEnd();
}

const levelOf = async () => JSON.parse(await said('show', sku, '--json')) as Record<string, number>;
const shown = (units: number) => units.toLocaleString('en-US');

test('units are added and removed; show and history have them', async () => {
  const before = await levelOf();
  const available = before['available']!;
  await sendAll(used().arena, [placeCommand(newOrderOf(0), [sku], 4)]);
  expect(await levelOf()).toEqual({
    ...before,
    available: available - 4,
    committed: before['committed']! + 4,
  });
  expect(await said('add', sku, '1500', '--reason', 'a delivery', '--key', 'd1')).toBe(
    `added 1,500 units to ${sku}; then ${shown(available + 1_496)} were available`,
  );
  expect(await said('remove', sku, '1', '--key', 'd2')).toBe(
    `removed 1 unit from ${sku}; then ${shown(available + 1_495)} were available`,
  );
  expect(await levelOf()).toMatchObject({
    available: available + 1_495,
    onHand: before['onHand']! + 1_499,
  });
  expect(await said('show', sku)).toMatch(
    /^sku +SKU-0\navailable +[\d,]+\ncommitted +[\d,]+\non hand +[\d,]+$/,
  );
  const history = JSON.parse(await said('history', sku, '--json'));
  expect(history).toMatchObject([
    { delta: -1, available: available + 1_495, reason: null, commandId },
    {
      ...{ delta: 1_500, available: available + 1_496, reason: 'a delivery', actor: operatorActor() },
      commandId,
    },
  ]);
  expect(await said('history', sku, '--limit', '1')).toMatch(
    /^time .*\n\S+Z +-1 +[\d,]+ +operator:\S+ +\d+-\d+$/,
  );
});

test('with the same key an adjustment is applied once, and another one is refused', async () => {
  const first = await said('add', sku, '3', '--key', 'once');
  expect(await said('add', sku, '3', '--key', 'once')).toBe(`done before with this key: ${first}`);
  const { available } = await levelOf();
  for (const args of [
    ['add', sku, '4'],
    ['remove', sku, '3'],
    ['add', sku, '3', '--reason', 'other'],
  ])
    expect(await refused(1, ...args, '--key', 'once')).toMatch(/ \(KEY_CONFLICT\): Another change /);
  expect(await levelOf()).toMatchObject({ available });
});

test('the level never goes below 0, and only known products have stock', async () => {
  const { available } = await levelOf();
  const { code, stdout } = await run('remove', sku, String(available! + 1), '--key', 'all', '--json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ sku, delta: -available! - 1, key: 'all', commandId },
    ...{ outcome: 'REFUSED', isRepeat: false, available: null, reason: { code: 'STOCK_TOO_LOW' } },
  });
  expect(await levelOf()).toMatchObject({ available });
  expect(await refused(1, 'add', 'NONE', '1')).toMatch(
    /^orderstream: the stock was not changed \(STOCK_UNKNOWN\): /,
  );
  for (const name of ['show', 'history'])
    expect(await refused(1, name, 'NONE')).toBe('orderstream: there is no stock of NONE');
});

test('arguments out of bounds are refused before anything is sent', async () => {
  expect(await refused(2, 'add', sku, '0')).toContain('at least 1');
  expect(await refused(2, 'add', sku, '1000000001')).toContain('at most 1,000,000,000 units');
  expect(await refused(2, 'add', 'a b', '1')).toContain('expected a SKU');
});

test('without a wait the history shows the adjustment later; each command has a row in the audit log', async () => {
  expect(await said('add', sku, '2', '--no-wait', '--key', 'later', '--reason', 'for Ada')).toMatch(
    /^requested at \d+-\d+ with the key later; the same command with --key later shows the outcome$/,
  );
  await used().arena.quiesce();
  expect(JSON.parse(await said('history', sku, '--limit', '1', '--json'))).toMatchObject([
    { delta: 2, commandId },
  ]);
  const { stdout } = await orderstream({ name: testStack().name, env: used().arena.env }, [
    ...['audit', 'list', '--subject', `sku:${sku}`, '--json'],
  ]);
  expect(stdout).not.toContain('Ada');
  expect(JSON.parse(stdout).entries[0]).toMatchObject({
    ...{ action: 'stock.adjust_requested', actorKind: 'OPERATOR' },
    details: { key: 'later', delta: 2, commandId },
  });
});

/** Orders of one customer are in many lanes. Together they hold no more unpaid units than the limit, also with crashes between. */
import { beforeEach, expect, test } from 'vitest';
import { withDatabase } from '../../../cli/database.ts';
import { setFlags } from '../../../cli/rates/flags.ts';
import type { OrderCommand, OrderEvent } from '../../../schemas/index.ts';
import { cancelCommand, newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { confirmCommand } from '../../support/arena/money-commands.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { until } from '../../support/until.ts';

const sku = 'SKU-0';
const partitions = 12;
const used = useArena('unpaid-limit');

const limit = (value: string) =>
  withDatabase(used().arena.options.mysqlUrl, (db) =>
    setFlags(db, new Map([['unpaidUnits', value]]), { nowMs: 1 }),
  );
beforeEach(() => limit('50'));

function order(customerId: string, partition: number, quantity: number): OrderCommand {
  return { ...placeCommand(newOrderOf(partition), [sku], quantity), customerId };
}

/** Sends the commands in order. The result reads their outcomes, in the same order, once all are decided. */
async function send(commands: readonly OrderCommand[]): Promise<() => Promise<OrderEvent[]>> {
  const sent = await Promise.all(commands.map((command) => used().producer.send(command)));
  return async () => {
    await used().arena.quiesce();
    const outcomes = await readOutcomes(used().arena);
    return sent.map(({ partition, offset }) => outcomes.get(`${partition}-${offset}`)!);
  };
}
const decided = async (commands: readonly OrderCommand[]) => (await send(commands))();

const brief = ({ outcome, reason }: OrderEvent) => reason?.code ?? outcome;
const counted = (events: readonly OrderEvent[]) =>
  Object.fromEntries([...Map.groupBy(events, brief)].map(([code, group]) => [code, group.length]));

const held = (customerId: string) =>
  used().arena.mysql.pool.rows(
    `SELECT u.units, (SELECT CAST(SUM(unpaid_units) AS SIGNED) FROM orders o
       WHERE o.customer_id = u.customer_id AND o.status = 'PENDING_PAYMENT') AS on_orders
     FROM unpaid_customers u WHERE u.customer_id = '${customerId}'`,
  );

test('two workers accept exactly as many orders of one customer as the limit allows', async () => {
  const workers = await Promise.all([used().arena.startWorker(), used().arena.startWorker()]);
  const orders = Array.from({ length: 300 }, (_, n) => order('rush', n % partitions, 3));
  // 16 orders of 3 units are 48. One more would be 51.
  expect(counted(await decided(orders))).toEqual({ ACCEPTED: 16, UNPAID_LIMIT: 284 });
  expect(await held('rush')).toEqual([{ units: 48, on_orders: 48 }]);
  // The two units that are left go to two orders of one unit.
  const small = Array.from({ length: 24 }, (_, n) => order('rush', n % partitions, 1));
  expect(counted(await decided(small))).toEqual({ ACCEPTED: 2, UNPAID_LIMIT: 22 });
  expect(await held('rush')).toEqual([{ units: 50, on_orders: 50 }]);
  for (const worker of workers) await worker.stop();
}, 120_000);

test('many customers rush at once: each gets the limit, and no more', async () => {
  const workers = await Promise.all([used().arena.startWorker(), used().arena.startWorker()]);
  const customers = Array.from({ length: 20 }, (_, n) => `crowd-${n}`);
  const orders = Array.from({ length: 12 }, (_, n) =>
    customers.map((customer, at) => order(customer, (n + at) % partitions, 20)),
  ).flat();
  expect(counted(await decided(orders))).toEqual({ ACCEPTED: 40, UNPAID_LIMIT: 200 });
  for (const customer of customers) expect(await held(customer)).toEqual([{ units: 40, on_orders: 40 }]);
  for (const worker of workers) await worker.stop();
}, 120_000);

test('a payment and a cancel give the units back, in another lane at once', async () => {
  const worker = await used().arena.startWorker();
  const [paid, cancelled] = [order('giver', 1, 25), order('giver', 2, 25)];
  expect(counted(await decided([paid, cancelled]))).toEqual({ ACCEPTED: 2 });
  expect(counted(await decided([order('giver', 3, 1)]))).toEqual({ UNPAID_LIMIT: 1 });
  const ends = [confirmCommand(paid.orderId!, 'giver-1', 25 * 250), cancelCommand(cancelled.orderId!)];
  // The customer of a cancel is that of the order.
  const own = ends.map((command) => ({ ...command, customerId: 'giver' }) as OrderCommand);
  expect(counted(await decided(own))).toEqual({ APPLIED: 2 });
  expect(counted(await decided([order('giver', 3, 50)]))).toEqual({ ACCEPTED: 1 });
  expect(await held('giver')).toEqual([{ units: 50, on_orders: 50 }]);
  await worker.stop();
}, 60_000);

test('workers that die before, in and after a COMMIT lose no unit and count none twice', async () => {
  const orders = Array.from({ length: 60 }, (_, n) => order('crash', n % partitions, 10));
  const outcomes = await send(orders);
  for (const point of ['written', 'commitSent', 'commitAcked', 'publishSent']) {
    const victim = await used().arena.startWorker({ FAILPOINTS: `${point}=kill@1` });
    await until(() => !victim.running, { what: `a worker dying at ${point}` });
  }
  const worker = await used().arena.startWorker();
  expect(counted(await outcomes())).toEqual({ ACCEPTED: 5, UNPAID_LIMIT: 55 });
  expect(await held('crash')).toEqual([{ units: 50, on_orders: 50 }]);
  await worker.stop();
}, 120_000);

test('without a limit nothing is counted, and an order gives back only what it counted', async () => {
  const worker = await used().arena.startWorker();
  const counting = order('switch', 1, 50);
  expect(counted(await decided([counting]))).toEqual({ ACCEPTED: 1 });
  await limit('off');
  const uncounted = order('switch', 2, 500);
  expect(counted(await decided([uncounted]))).toEqual({ ACCEPTED: 1 });
  expect(await held('switch')).toEqual([{ units: 50, on_orders: 50 }]);
  const cancels = [uncounted, counting].map(
    ({ orderId }) => ({ ...cancelCommand(orderId!), customerId: 'switch' }) as OrderCommand,
  );
  expect(counted(await decided(cancels))).toEqual({ APPLIED: 2 });
  expect(await held('switch')).toEqual([{ units: 0, on_orders: null }]);
  await worker.stop();
}, 60_000);

test('leave logs and tables that agree', async () => {
  expect((await audit(used().arena, used().producer.history)).findings).toEqual([]);
}, 60_000);

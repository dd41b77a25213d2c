/** `orderstream verify` compares units, shipments, returns and unpaid units. */
import { expect, test } from 'vitest';
import type { CheckName } from '../../../cli/verify/checks.ts';
import type { OrderEvent } from '../../../schemas/index.ts';
import { keyOf, makeWorld, type World } from '../../support/order-world/order-world.ts';
import { addGoods, shippedOrder } from '../../support/order-world/order-world-goods.ts';
import { statesOf } from '../../support/order-world/order-world-states.ts';
import { faultCounts, verifyWorld } from '../../support/order-world/verified-world.ts';
import { useDatabase } from '../../support/servers/stack.ts';

const database = useDatabase('verify-units');

function worldWithGoods(): World {
  const world = makeWorld();
  addGoods(world);
  return world;
}

const lineOf = (world: World) => shippedOrder(world).items[0]!;

test('units in a world without differences agree, in the tables and in the snapshot', async () => {
  const world = worldWithGoods();
  const { states, markers } = statesOf(world);
  const report = await verifyWorld(database().url, world, [...states, ...markers]);
  expect(faultCounts(report)).toEqual({});
  expect(report).toMatchObject({ ok: true, outcomes: { ACCEPTED: 24, REJECTED: 6, APPLIED: 8 } });
});

test.each<[string, (world: World) => void, Partial<Record<CheckName, number>>]>([
  ['a lost shipment', (world) => world.shipments.pop(), { units: 1 }],
  ['a lost return', (world) => world.returns.pop(), { units: 1 }],
  [
    'a shipment of a line that the order does not have',
    (world) => {
      world.shipments[0]!.lines.push({ line: 2, quantity: 1 });
    },
    { units: 1 },
  ],
  [
    'a return of no order',
    (world) => {
      world.returns.push({ ...world.returns[0]!, orderKey: keyOf(shippedOrder(world)) + 1_000_000 });
    },
    { units: 1 },
  ],
  [
    'a restocked unit that stayed in no stock',
    (world) => {
      world.stock[0]!.available -= 1;
    },
    { stock: 1 },
  ],
  [
    'a restocked unit that counts as shipped',
    (world) => {
      world.stock[0]!.shipped += 1;
    },
    { stock: 1 },
  ],
  [
    'a cancelled unit that no outcome has',
    (world) => {
      lineOf(world).cancelled = 1;
    },
    { units: 1, unlikeOutcome: 1, stock: 1 },
  ],
  [
    'more refunded units than the line has',
    (world) => {
      lineOf(world).refunded = 4;
    },
    { units: 1 },
  ],
  [
    'a status that does not fit its units',
    (world) => {
      const order = shippedOrder(world);
      const last = world.events.findLast(({ body }) => (body as OrderEvent).orderId === order.id)!;
      order.status = 'DELIVERED';
      last.body = { ...(last.body as OrderEvent), status: 'DELIVERED' };
    },
    { units: 1 },
  ],
  [
    'a counter of unpaid units that is too high',
    (world) => {
      world.unpaidCustomers[0]!.units += 1;
    },
    { unpaidUnits: 1 },
  ],
  [
    'unpaid units without a counter',
    (world) => {
      world.unpaidCustomers = [];
    },
    { unpaidUnits: 1 },
  ],
])('verify finds %s', async (_what, damage, expected) => {
  const world = worldWithGoods();
  damage(world);
  const report = await verifyWorld(database().url, world);
  expect(faultCounts(report)).toEqual(expected);
  expect(report.ok).toBe(false);
});

test('verify finds an outcome and a state with other units', async () => {
  const world = worldWithGoods();
  const { id } = shippedOrder(world);
  const last = world.events.findLast(({ body }) => (body as OrderEvent).orderId === id)!;
  const { states, markers } = statesOf(world);
  const body = last.body as OrderEvent;
  last.body = { ...body, units: { ...body.units!, returned: 2 } };
  const report = await verifyWorld(database().url, world, [...states, ...markers]);
  expect(faultCounts(report)).toEqual({ unlikeOutcome: 1, unlikeState: 1 });
});

/** `orderstream verify` compares the money and the coupons of orders. */
import { describe, expect, test } from 'vitest';
import type { CheckName } from '../../../cli/verify/checks.ts';
import type { OrderEvent } from '../../../schemas/index.ts';
import { makeWorld, type World } from '../../support/order-world/order-world.ts';
import { addMoney } from '../../support/order-world/order-world-money.ts';
import { statesOf } from '../../support/order-world/order-world-states.ts';
import { faultCounts, verifyWorld } from '../../support/order-world/verified-world.ts';
import { useDatabase } from '../../support/servers/stack.ts';

const database = useDatabase('verify-money');

function worldWithMoney(): World {
  const world = makeWorld();
  addMoney(world);
  return world;
}

const paid = (world: World) => world.orders.find(({ status }) => status === 'PAID')!;
const paymentOf = (world: World, disposition: string) =>
  world.payments.find((payment) => payment.disposition === disposition)!;
const refundOf = (world: World, disposition: string) =>
  world.refunds.find(({ paymentId }) => paymentId === paymentOf(world, disposition).paymentId)!;

function remove<T>(list: T[], one: T): void {
  list.splice(list.indexOf(one), 1);
}

describe('money in a world without differences', () => {
  test('agrees, in the tables and in the snapshot', async () => {
    const world = worldWithMoney();
    const { states, markers } = statesOf(world);
    const report = await verifyWorld(database().url, world, [...states, ...markers]);
    expect(faultCounts(report)).toEqual({});
    expect(report).toMatchObject({ ok: true, outcomes: { ACCEPTED: 24, REJECTED: 6, APPLIED: 5 } });
  });

  test('agrees if a refund failed, because a finding names it', async () => {
    const world = worldWithMoney();
    refundOf(world, 'UNMATCHED').status = 'FAILED';
    expect(faultCounts(await verifyWorld(database().url, world))).toEqual({});
  });
});

test.each<[string, (world: World) => void, Partial<Record<CheckName, number>>]>([
  [
    'a sum that no outcome has',
    (world) => {
      paid(world).received += 1;
    },
    { payments: 1, unlikeOutcome: 1 },
  ],
  [
    'an outcome with another sum',
    (world) => {
      const { id } = paid(world);
      const record = world.events.findLast(({ body }) => (body as OrderEvent).orderId === id)!;
      const body = record.body as OrderEvent;
      record.body = { ...body, money: { ...body.money!, received: 1 } };
    },
    { unlikeOutcome: 1 },
  ],
  [
    'a lost payment of a paid order',
    (world) => remove(world.payments, paymentOf(world, 'SETTLES')),
    { payments: 1, unpaid: 1 },
  ],
  [
    'a payment of less than the total',
    (world) => {
      paymentOf(world, 'SETTLES').amount -= 1;
    },
    { payments: 1, unpaid: 1 },
  ],
  [
    'a payment that names another order',
    (world) => {
      paymentOf(world, 'SETTLES').orderId = world.orders[4]!.id;
    },
    { payments: 1 },
  ],
  [
    'a lost refund of late money',
    (world) => remove(world.refunds, refundOf(world, 'LATE')),
    { payments: 1, stranded: 1 },
  ],
  [
    'a refund of a part of the money without an order',
    (world) => {
      refundOf(world, 'UNMATCHED').amount -= 1;
    },
    { stranded: 1 },
  ],
  [
    'a refund that was made twice',
    (world) => {
      const refund = refundOf(world, 'UNMATCHED');
      world.refunds.push({ ...refund, no: 2, refundId: paymentOf(world, 'LATE').paymentId });
    },
    { refundedTwice: 1 },
  ],
  [
    'a refund of no payment',
    (world) => {
      refundOf(world, 'UNMATCHED').paymentId = world.orders[4]!.id;
    },
    { payments: 1, stranded: 1 },
  ],
  [
    'a counter of a coupon that took too much',
    (world) => {
      world.couponCounters[0]!.available -= 1;
    },
    { coupons: 1 },
  ],
  [
    'a counter of a customer that took too little',
    (world) => {
      world.couponCustomers[0]!.used = 0;
    },
    { coupons: 1 },
  ],
  [
    'lost counters',
    (world) => {
      world.couponCounters = [];
      world.couponCustomers = [];
    },
    { coupons: 2 },
  ],
])('verify finds %s', async (_what, damage, expected) => {
  const world = worldWithMoney();
  damage(world);
  const report = await verifyWorld(database().url, world);
  expect(faultCounts(report)).toEqual(expected);
  expect(report.ok).toBe(false);
});

test('verify finds a state with other money', async () => {
  const world = worldWithMoney();
  const { states, markers } = statesOf(world);
  const { id } = paid(world);
  const changed = states.map((record) => {
    if (Buffer.isBuffer(record.body) || record.body.orderId !== id) return record;
    return { ...record, body: { ...record.body, money: { ...record.body.money!, refunded: 1 } } };
  });
  const report = await verifyWorld(database().url, world, [...changed, ...markers]);
  expect(faultCounts(report)).toEqual({ unlikeState: 1 });
});

import { describe, expect, test } from 'vitest';
import type { CheckName } from '../../../cli/verify/checks.ts';
import type { OrderState } from '../../../schemas/index.ts';
import { makeWorld, orderIdOf, type World, type WorldRecord } from '../../support/order-world/order-world.ts';
import { markerOf, statesOf, type WorldStates } from '../../support/order-world/order-world-states.ts';
import { faultCounts, verifyWorld } from '../../support/order-world/verified-world.ts';
import { useDatabase } from '../../support/servers/stack.ts';

const database = useDatabase('cli-verify-snapshot');

describe('the snapshot of orders', () => {
  const all = ({ states, markers }: WorldStates) => [...states, ...markers];
  const stateOf = ({ states }: WorldStates, pick: (state: OrderState) => boolean) =>
    states.find(({ body }) => !Buffer.isBuffer(body) && pick(body))!;
  const alter = (record: WorldRecord<OrderState>, parts: Partial<OrderState>): void => {
    record.body = { ...(record.body as OrderState), ...parts };
  };

  test('agrees with the outcomes', async () => {
    const world = makeWorld();
    const report = await verifyWorld(database().url, world, all(statesOf(world)));
    expect(faultCounts(report)).toEqual({});
    expect(report.statesBehind).toBe(0);
  });

  test('may be behind, and reports nothing about outcomes that it does not cover', async () => {
    const world = makeWorld();
    const { states, markers } = statesOf(world);
    const none = await verifyWorld(database().url, world, states);
    expect([faultCounts(none), none.statesBehind]).toEqual([{}, 34]);
    const used = markers.filter(({ partition }) => world.next[partition]! > 0);
    const before = used.map(({ partition }) => markerOf(world, partition, world.next[partition]! - 2));
    const old = states.filter(({ body }) => {
      const { sourcePartition, sourceOffset } = body as OrderState;
      return sourceOffset < world.next[sourcePartition]! - 1;
    });
    const report = await verifyWorld(database().url, world, [...old, ...before]);
    expect([faultCounts(report), report.statesBehind]).toEqual([{}, used.length]);
  });

  test.each<[string, (snapshot: WorldStates, world: World) => void, Partial<Record<CheckName, number>>]>([
    ['a missing state', ({ states }) => states.splice(3, 1), { noState: 1 }],
    [
      'another status',
      (snapshot) =>
        alter(
          stateOf(snapshot, ({ version }) => version === 1),
          { status: 'PAID' },
        ),
      { unlikeState: 1 },
    ],
    [
      'a state of an older version',
      (snapshot) =>
        alter(
          stateOf(snapshot, ({ version }) => version === 2),
          { version: 1 },
        ),
      { unlikeState: 1 },
    ],
    [
      'another total',
      (snapshot) => {
        const record = stateOf(snapshot, ({ terms }) => terms !== null);
        const { terms } = record.body as OrderState;
        alter(record, { terms: { ...terms!, total: terms!.total + 1 } });
      },
      { unlikeState: 1 },
    ],
    [
      'an order without any outcome',
      (snapshot) => {
        const record = snapshot.states[0]!;
        snapshot.states.push({ ...record, body: { ...(record.body as OrderState), orderId: orderIdOf(99) } });
      },
      { stateWithoutOrder: 1 },
    ],
    [
      'a marker that went back',
      (snapshot, world) => snapshot.markers.push(markerOf(world, 1, 0)),
      { statePosition: 1 },
    ],
    [
      'a marker ahead of the commands',
      (snapshot, world) => snapshot.markers.push(markerOf(world, 1, world.next[1]!)),
      { statePosition: 1 },
    ],
    [
      'a marker ahead of the outcomes',
      ({ markers }) => alter(markers[1]!, { eventsOffset: 1000 }),
      { statePosition: 1 },
    ],
    [
      'bytes that are no state',
      ({ states }) => states.push({ ...states[0]!, body: Buffer.from('garbage') }),
      { undecodable: 1 },
    ],
  ])('is found to have %s', async (_what, damage, expected) => {
    const world = makeWorld();
    const snapshot = statesOf(world);
    damage(snapshot, world);
    expect(faultCounts(await verifyWorld(database().url, world, all(snapshot)))).toEqual(expected);
  });
});

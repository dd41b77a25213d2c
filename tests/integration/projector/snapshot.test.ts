/**
 * Workers and projectors are killed, frozen and replaced. Teams that start from the snapshot see no gap and
 * no repeat.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OrderState } from '../../../schemas/index.ts';
import { type Codec, loadStateCodec } from '../../../services/shared/codec/index.ts';
import { bytesToUuid } from '../../../services/shared/mysql/index.ts';
import { EVENTS, GROUPS, STATE } from '../../../topics/index.ts';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import { createProducer, type Producer } from '../../support/arena/load.ts';
import { ownedBy } from '../../support/arena/reading/lane-positions.ts';
import { projectorCaughtUp } from '../../support/arena/reading/waits.ts';
import { type Known, type NewTeam, startNewTeam } from '../../support/programs/new-team.ts';
import { type ProjectorProcess, spawnProjector } from '../../support/programs/projector-process.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('projector');
const database = useDatabase('projector');
const skus = Array.from({ length: 20 }, (_, index) => `SKU-${index}`);

let arena: Arena;
let producer: Producer;
let states: Codec<OrderState>;
const projectors: ProjectorProcess[] = [];
const teams: NewTeam[] = [];

beforeAll(async () => {
  // One SKU is scarce, so that some orders are rejected.
  const stock = new Map([...skus.map((sku) => [sku, 1_000_000] as const), ['SCARCE', 20] as const]);
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  await until(() => arena.admin.endOffsets(STATE), { what: 'the leaders of the state topic' });
  producer = await createProducer(arena);
  states = await loadStateCodec({ registryUrl: testStack().schemaRegistryUrl, log: quietLog });
});

afterAll(async () => {
  await Promise.all(teams.map((team) => team.close()));
  await Promise.all(projectors.map((projector) => projector.end('SIGKILL')));
  await producer.close();
  await arena.close();
});

async function startProjector(name: string): Promise<ProjectorProcess> {
  const projector = await spawnProjector({ ...arena.env, INSTANCE_ID: name });
  projectors.push(projector);
  return projector;
}

async function joinTeam(): Promise<NewTeam> {
  const team = await startNewTeam(
    { kafkaBrokers: testStack().kafkaBrokers.split(','), kafkaTopicPrefix: prefix },
    { states, events: arena.codecs.events },
  );
  teams.push(team);
  await team.catchUp();
  return team;
}

/**
 * Waits until the states cover this many more outcomes. The group offset follows the states, so it shows
 * this.
 */
async function coveredMore(more: number): Promise<void> {
  const covered = async () => {
    const offsets = await arena.admin.groupOffsets(GROUPS.projector, EVENTS);
    return [...offsets.values()].reduce((sum, offset) => sum + Number(offset ?? 0n), 0);
  };
  const before = await covered();
  await until(async () => (await covered()) >= before + more, {
    what: `${more} more outcomes being covered`,
    deadlineMs: 60_000,
    everyMs: 100,
  });
}

async function ordersInTables(): Promise<Map<string, Known>> {
  const rows = await arena.mysql.pool.rows<{
    order_id: Buffer;
    version: number;
    status: string;
    total: number;
  }>('SELECT order_id, version, status, total FROM orders');
  return new Map(
    rows.map(({ order_id, version, status, total }) => [
      bytesToUuid(order_id),
      { version, status, total: status === 'REJECTED' ? null : total },
    ]),
  );
}

test('teams that join at any time end with the orders in the tables', async () => {
  const doomed = await arena.startWorker({ INSTANCE_ID: 'doomed', FAILPOINTS: 'publishSent=kill@300' });
  const first = await startProjector('first');
  const load = producer.start(100, [...skus, 'SCARCE']);
  await coveredMore(50);
  await joinTeam();
  // The worker dies with outcomes in flight, and the next one publishes them again.
  await doomed.exited;
  await arena.startWorker({ INSTANCE_ID: 'successor' });
  await ownedBy(arena, ['successor']);

  const second = await startProjector('second');
  await coveredMore(100);
  await first.end('SIGKILL');
  await joinTeam();
  await coveredMore(100);

  second.signal('SIGSTOP');
  const third = await startProjector('third');
  await coveredMore(100);
  await joinTeam();
  second.signal('SIGCONT');
  await coveredMore(100);
  await load.stop();
  await arena.quiesce();
  await projectorCaughtUp(arena, 60_000);
  expect(await Promise.all([second.end(), third.end()])).toEqual([0, 0]);

  const last = await joinTeam();
  const expected = await ordersInTables();
  for (const team of teams) {
    await team.catchUp();
    expect(team.complaints).toEqual([]);
    expect(team.orders).toEqual(expected);
  }
  // The last team read only repeats; the first read almost everything.
  expect(last.taken).toBe(0);
  expect(last.fromSnapshot).toBe(expected.size);
  expect(teams[0]!.taken).toBeGreaterThan(200);
  expect([...expected.values()].some(({ status }) => status === 'REJECTED')).toBe(true);
  expect([...expected.values()].some(({ version }) => version === 2)).toBe(true);
}, 180_000);

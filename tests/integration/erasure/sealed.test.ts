/**
 * Commands with sealed fields. Before an erasure workers read them; afterwards nobody can. No lane stops, and no outcome
 * changes.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecidedOrder, OrderstreamClient } from '../../../cli/client/index.ts';
import { CHECKSUM_HEADER, checksumOf } from '../../../services/shared/codec/index.ts';
import type { InRecord } from '../../../services/shared/kafka/index.ts';
import {
  type CustomerKeyRow,
  createKeyWrapper,
  sealCommand,
} from '../../../services/shared/personal-data/index.ts';
import { COMMANDS, DEAD_LETTERS, EVENTS, partitionOfOrder } from '../../../topics/index.ts';
import { type ApiWorld, openApiWorld, placeHeaders } from '../../support/api/api-world.ts';
import { readDeadLetters } from '../../support/arena/dead-letters.ts';
import { createProducer, newOrderOf, type Producer, placeCommand } from '../../support/arena/load.ts';
import { complaints } from '../../support/arena/processes/verify.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { readWholeTopic } from '../../support/arena/reading/whole-topic.ts';
import { type Ended, orderstream } from '../../support/programs/command-line.ts';
import { columnsWith, redisKeysWith } from '../../support/records/find-text.ts';
import { orderWith } from '../../support/records/person.ts';
import { plantedSecretKeys } from '../../support/records/planted.ts';
import { createLogins, type Logins } from '../../support/servers/logins.ts';
import { testStack, unique, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('sealed');
const topicPrefix = useTopicPrefix('sealed');
const keys = { PERSONAL_DATA_KEYS: plantedSecretKeys };
let world: ApiWorld;
let producer: Producer;
let logins: Logins;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix, mysqlUrl: database().url });
  producer = await createProducer(world.arena);
  logins = await createLogins(database().url);
  await startWorker();
});
afterAll(async () => {
  await producer?.close();
  await logins?.close();
  await world?.close();
});

/** Its login suffices to read keys. */
const startWorker = () => world.arena.startWorker({ ...keys, MYSQL_URL: logins.url('worker') });
const pool = () => world.arena.mysql.pool;
const erase = (customer: string, ...more: string[]): Promise<Ended> =>
  orderstream({ name: testStack().name, env: world.arena.env }, [
    ...['customer', 'erase', customer, '--json'],
    ...more,
  ]);
const clientOf = async (customer: string): Promise<OrderstreamClient> =>
  world.clientOf(await world.startApi(keys), customer);

async function place(client: OrderstreamClient, person: string, key: string): Promise<DecidedOrder> {
  const body = orderWith(person);
  const { data } = await client.POST('/v1/orders', { params: placeHeaders(key, 20), body });
  return data as DecidedOrder;
}

/** Topics in which the text is readable: in the bytes of a record, or in the decoded command. */
async function topicsWith(text: string): Promise<string[]> {
  const found = new Set<string>();
  for (const topic of [COMMANDS, DEAD_LETTERS, EVENTS]) {
    await readWholeTopic(world.arena, topic, (record) => {
      const bytes = [record.key, record.value, Buffer.from(JSON.stringify(record.headers))];
      const readable = bytes.map((each) => each?.toString('latin1') ?? '').join(' ');
      if (readable.includes(text) || decodedText(topic, record).includes(text)) found.add(topic);
    });
  }
  return [...found];
}

function decodedText(topic: string, { value }: InRecord): string {
  const { commands, events } = world.arena.codecs;
  return JSON.stringify(topic === EVENTS ? events.decode(value) : commands.decode(value));
}

/** The first record about the order in the command topic. */
async function recordOf(orderId: string): Promise<InRecord> {
  let found: InRecord | undefined;
  await readWholeTopic(world.arena, COMMANDS, (record) => {
    if (found === undefined && record.key?.toString() === orderId) found = record;
  });
  return found!;
}

async function sendAgain({ partition, key, value, headers }: InRecord): Promise<string> {
  const sent = await producer.sendRaw({
    ...{ partition, key, value },
    headers: { [CHECKSUM_HEADER]: headers[CHECKSUM_HEADER] as Buffer },
  });
  await world.arena.quiesce();
  return (await readOutcomes(world.arena)).get(`${partition}-${sent.offset}`)!.outcome;
}

/** A sealed command that breaks a rule. Its bytes become a dead letter. */
async function sendInvalid(customerId: string, person: string): Promise<string> {
  const [row] = await pool().rows<CustomerKeyRow>('SELECT * FROM customer_keys WHERE customer_id = ?', [
    customerId,
  ]);
  const orderId = newOrderOf(3);
  const partition = partitionOfOrder(orderId);
  const command = placeCommand(orderId, ['SKU-1']);
  const metadata = Array.from({ length: 21 }, (_, n) => ({ key: `k${n}`, value: person }));
  const broken = { ...command, customerId, payload: { ...command.payload, metadata } } as typeof command;
  const sealed = sealCommand(broken, createKeyWrapper([plantedSecretKeys]).read(row!));
  const value = world.arena.codecs.commands.encode(sealed);
  const headers = { [CHECKSUM_HEADER]: checksumOf(value) };
  const { offset } = await producer.sendRaw({ partition, key: Buffer.from(orderId), value, headers });
  await world.arena.quiesce();
  return `${partition}-${offset}`;
}

describe('the erasure of a customer', () => {
  const person = unique('erased');
  const customer = unique('customer-');
  let client: OrderstreamClient;
  let order: DecidedOrder;
  let record: InRecord;

  beforeAll(async () => {
    client = await clientOf(customer);
    order = await place(client, person, 'first');
    record = await recordOf(order.id);
    await client.POST('/v1/orders/{id}/cancel', {
      params: { path: { id: order.id }, header: { Prefer: 'wait=20' } },
      body: { reason: `${person} has moved` },
    } as never);
  });

  it('begins with a person in the tables, and in no topic', async () => {
    expect(order.status).toBe('PENDING_PAYMENT');
    const columns = ['order_history.reason', 'orders.contact', 'orders.metadata', 'orders.shipping_address'];
    expect(await columnsWith(pool(), person)).toEqual(columns);
    const details = { params: { path: { id: order.id }, query: { include: 'details' } } } as const;
    expect((await client.GET('/v1/orders/{id}', details)).data).toMatchObject({
      shippingAddress: orderWith(person).shippingAddress,
      contact: { email: `${person}@example.org` },
    });
    expect(await topicsWith(person)).toEqual([]);
  });

  it('has a dead letter that is sealed too', async () => {
    const position = await sendInvalid(customer, person);
    expect([...(await readDeadLetters(world.arena)).keys()]).toContain(position);
    expect(await topicsWith(person)).toEqual([]);
  });

  it('leaves the person nowhere', async () => {
    expect(await erase(customer)).toMatchObject({ code: 0, stderr: '' });
    expect(await columnsWith(pool(), person)).toEqual([]);
    expect(await redisKeysWith(testStack().redisUrl, person)).toEqual([]);
    expect(await topicsWith(person)).toEqual([]);
    expect(await pool().rows('SELECT key_id FROM customer_keys WHERE customer_id = ?', [customer])).toEqual(
      [],
    );
  });

  it('changes no outcome when the command comes again', async () => {
    expect(await sendAgain(record)).toBe('DUPLICATE');
    const shown = await client.GET('/v1/orders/{id}', { params: { path: { id: order.id } } });
    expect(shown.data).toMatchObject({ status: 'CANCELLED', version: 2 });
  });

  it('lets the customer come back, with a new key', async () => {
    const again = await clientOf(customer);
    expect(await place(again, person, 'second')).toMatchObject({ status: 'PENDING_PAYMENT' });
    expect(await columnsWith(pool(), person)).toContain('orders.shipping_address');
    expect(await topicsWith(person)).toEqual([]);
  });
});

describe('an order that is not decided yet', () => {
  it('is rejected after the erasure, and its lane runs on', async () => {
    const person = unique('queued');
    const customer = unique('customer-');
    await world.arena.killWorkers();
    const client = await clientOf(customer);
    const place202 = await client.POST('/v1/orders', {
      params: placeHeaders('first'),
      body: orderWith(person),
    });
    const { id } = place202.data!;
    expect((await erase(customer, '--wait', '1s')).code).toBe(1);
    await startWorker();
    await world.arena.quiesce();
    const { data } = await client.GET('/v1/orders/{id}', { params: { path: { id } } });
    expect(data).toMatchObject({ status: 'REJECTED', reason: { code: 'PERSONAL_DATA_ERASED' } });
    expect(await sendAgain(await recordOf(id))).toBe('DUPLICATE');
    expect((await erase(customer)).code).toBe(0);
    expect(await columnsWith(pool(), person)).toEqual([]);
    expect(await topicsWith(person)).toEqual([]);
  });
});

it('a worker without keys waits at sealed commands, and a worker with keys decides them', async () => {
  const client = await clientOf(unique('customer-'));
  await world.arena.killWorkers();
  const idle = await world.arena.startWorker();
  const placed = await client.POST('/v1/orders', {
    params: placeHeaders('first'),
    body: orderWith(unique('waiting')),
  });
  const says = /PERSONAL_DATA_KEYS of this worker is not set/;
  await idle.logged((line) => says.test(JSON.stringify(line)), 'the lane waits');
  await idle.stop();
  await startWorker();
  await world.arena.quiesce();
  const { data } = await client.GET('/v1/orders/{id}', { params: { path: { id: placed.data!.id } } });
  expect(data).toMatchObject({ status: 'PENDING_PAYMENT' });
});

it('verify finds nothing in the end', async () => {
  await world.arena.quiesce();
  expect(complaints(await world.arena.verify())).toEqual([]);
});

/** `orderstream customer erase`: afterwards no table and no cache has the person, and everything else works as before. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecidedOrder, OrderstreamClient } from '../../../cli/client/index.ts';
import { CHECKSUM_HEADER, checksumOf } from '../../../services/shared/codec/index.ts';
import { uuidToBytes } from '../../../services/shared/mysql/index.ts';
import { partitionOfOrder } from '../../../topics/index.ts';
import { type ApiWorld, openApiWorld, placeHeaders } from '../../support/api/api-world.ts';
import { createProducer, newOrderOf, type Producer, placeCommand } from '../../support/arena/load.ts';
import { confirmCommand } from '../../support/arena/money-commands.ts';
import { complaints } from '../../support/arena/processes/verify.ts';
import { type Ended, orderstream } from '../../support/programs/command-line.ts';
import { columnsWith, redisKeysWith } from '../../support/records/find-text.ts';
import { orderWith } from '../../support/records/person.ts';
import { createLogins } from '../../support/servers/logins.ts';
import { testStack, unique, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('erasure');
const topicPrefix = useTopicPrefix('erasure');
let world: ApiWorld;
let producer: Producer;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix, mysqlUrl: database().url });
  producer = await createProducer(world.arena);
  await world.arena.startWorker();
});
afterAll(async () => {
  await producer?.close();
  await world?.close();
});

const run = (...args: string[]): Promise<Ended> =>
  orderstream({ name: testStack().name, env: world.arena.env }, args);
const pool = () => world.arena.mysql.pool;

async function place(client: OrderstreamClient, person: string, key: string): Promise<DecidedOrder> {
  const { data } = await client.POST('/v1/orders', {
    params: placeHeaders(key, 20),
    body: orderWith(person),
  });
  return data as DecidedOrder;
}

/** A payment with a free text, a cancel with a reason, and errors in words of other systems. */
async function liveThrough(client: OrderstreamClient, { id, totals }: DecidedOrder, person: string) {
  const confirm = confirmCommand(id, id, totals.total);
  await producer.send({
    ...confirm,
    payload: { ...confirm.payload, reference: `transfer of ${person}` },
  } as never);
  await world.arena.quiesce();
  const cancelled = await client.POST('/v1/orders/{id}/cancel', {
    params: { path: { id }, header: { 'Idempotency-Key': 'cancel', Prefer: 'wait=20' } },
    body: { reason: `${person} has moved` },
  } as never);
  expect(cancelled.response.status).toBe(200);
  await pool().write(
    `INSERT INTO refund_attempts (refund_id, state, last_reason) SELECT refund_id, 'NEW', ? FROM refunds WHERE order_id = ?`,
    [`the bank does not know ${person}`, uuidToBytes(id)],
  );
  await pool().write(
    `INSERT INTO notification_deliveries (event_id, endpoint_id, order_id, order_version, event_type, status, due_at_ms,
       last_error, payload, created_at_ms) VALUES (?, 'email', ?, 1, 'order.accepted', 'FAILED', 1, ?, '{}', 1)`,
    [`0-${id}`, uuidToBytes(id), `no mailbox ${person}`],
  );
}

/** A command that can never be decided. Its bytes become a dead letter. */
async function sendInvalid(customerId: string, person: string): Promise<void> {
  const orderId = newOrderOf(3);
  const command = placeCommand(orderId, ['SKU-1'], 0);
  const value = world.arena.codecs.commands.encode({
    ...command,
    customerId,
    payload: { ...command.payload, contactEmail: `${person}@example.org` },
  } as never);
  await producer.sendRaw({
    ...{ partition: partitionOfOrder(orderId), key: Buffer.from(orderId), value },
    headers: { [CHECKSUM_HEADER]: checksumOf(value) },
  });
  await world.arena.quiesce();
}

describe('after the erasure of a customer', () => {
  const person = unique('erased');
  const other = unique('kept');
  const customer = unique('customer-');
  let client: OrderstreamClient;
  let order: DecidedOrder;
  let erased: Ended;

  beforeAll(async () => {
    const api = await world.startApi();
    client = world.clientOf(api, customer);
    order = await place(client, person, 'first');
    await place(world.clientOf(api, unique('other-')), other, 'first');
    await liveThrough(client, order, person);
    await sendInvalid(customer, person);
    expect(await columnsWith(pool(), person)).toEqual([
      'notification_deliveries.last_error',
      'order_history.reason',
      'orders.contact',
      'orders.metadata',
      'orders.shipping_address',
      'outbox.messages',
      'payments.reference',
      'refund_attempts.last_reason',
    ]);
    erased = await run('customer', 'erase', customer, '--json');
  });

  it('the command reports what it did, and the audit log has it', async () => {
    expect([erased.code, erased.stderr]).toEqual([0, '']);
    const counts = { orders: 1, openOrders: 0, reasons: 1, references: 1, errors: 2, undecided: 0 };
    expect(JSON.parse(erased.stdout)).toMatchObject({ customer, ...counts, outboxRows: 1 });
    const { stdout } = await run('audit', 'list', '--subject', `customer:${customer}`, '--json');
    expect(JSON.parse(stdout).entries).toMatchObject([
      { action: 'customer.erased', details: counts },
      { action: 'customer.erasure_requested', actorKind: 'OPERATOR' },
    ]);
  });

  it('no table and no key of Redis has the person, and other people are still there', async () => {
    expect(await columnsWith(pool(), person)).toEqual([]);
    expect(await redisKeysWith(testStack().redisUrl, person)).toEqual([]);
    expect(await columnsWith(pool(), other)).toContain('orders.shipping_address');
  });

  it('a retry of the old key gets the same order, without details', async () => {
    const again = await world.startApi();
    const retry = world.clientOf(again, customer);
    const { data, response } = await retry.POST('/v1/orders', {
      params: placeHeaders('first', 20),
      body: orderWith(person),
    });
    expect(data).toMatchObject({ id: order.id, status: 'CANCELLED' });
    expect([response.status, response.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    const shown = await retry.GET('/v1/orders/{id}', {
      params: { path: { id: order.id }, query: { include: 'details' } },
    });
    for (const name of ['shippingAddress', 'contact', 'metadata'])
      expect(shown.data).not.toHaveProperty(name);
  });

  it('verify finds nothing, and the second erasure has nothing to do', async () => {
    await world.arena.quiesce();
    expect(complaints(await world.arena.verify())).toEqual([]);
    const { code, stdout } = await run('customer', 'erase', customer, '--json');
    const nothing = { orders: 0, reasons: 0, references: 0, errors: 0, outboxRows: 0 };
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining(nothing)]);
  });
});

it('an operator erases a customer with the API too, and the login of ingestion suffices', async () => {
  const person = unique('erased');
  const customer = unique('customer-');
  const logins = await createLogins(database().url);
  const api = await world.startApi({ MYSQL_URL: logins.url('ingestion') });
  await place(world.clientOf(api, customer), person, 'first');
  await sendInvalid(customer, person);
  const path = { params: { path: { id: customer } } };
  const refused = await world.clientOf(api, customer).POST('/v1/customers/{id}/erasure', path);
  expect(refused.response.status).toBe(403);
  const columns = ['orders.contact', 'outbox.messages'];
  expect(await columnsWith(pool(), person)).toEqual(expect.arrayContaining(columns));
  const operator = world.clientOf(api, 'ops-7', ['orders:ops']);
  const { data } = await operator.POST('/v1/customers/{id}/erasure', path);
  expect(data).toMatchObject({
    customerId: customer,
    complete: true,
    orders: 1,
    openOrders: 1,
    undecided: 0,
  });
  expect(await columnsWith(pool(), person)).toEqual([]);
  const { stdout } = await run('audit', 'list', '--subject', `customer:${customer}`, '--json');
  const by = { actorKind: 'OPERATOR', actor: 'ops-7' };
  expect(JSON.parse(stdout).entries).toMatchObject([by, by]);
  await api.stop();
  await logins.close();
});

describe('a command that is not decided yet', () => {
  it('is named, and the repeated erasure includes it', async () => {
    const person = unique('queued');
    const customer = unique('customer-');
    await world.arena.killWorkers();
    const api = await world.startApi();
    const { response } = await world.clientOf(api, customer).POST('/v1/orders', {
      params: placeHeaders('first'),
      body: orderWith(person),
    });
    expect(response.status).toBe(202);
    const early = await run('customer', 'erase', customer, '--wait', '1s', '--json');
    expect(JSON.parse(early.stdout)).toMatchObject({ orders: 0, undecided: 1 });
    expect(early.code).toBe(1);
    await world.arena.startWorker();
    const late = await run('customer', 'erase', customer, '--json');
    expect(JSON.parse(late.stdout)).toMatchObject({ orders: 1, openOrders: 1, undecided: 0 });
    expect(await columnsWith(pool(), person)).toEqual([]);
  });
});

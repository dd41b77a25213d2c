/**
 * An operator ships, delivers, takes back and refunds an order over the API. Ingestion, worker and servers are real.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OrderstreamClient } from '../../../cli/client/index.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { createProducer } from '../../support/arena/load.ts';
import { confirmCommand } from '../../support/arena/money-commands.ts';
import { unique, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('operators');
const database = useDatabase('operators');
/** The order has 4 units of 250. */
const quantity = 4;
const total = 1_000;

let world: ApiWorld;
let url: string;
let customer: OrderstreamClient;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
  const api = await world.startApi();
  url = api.url;
  customer = world.clientOf(api, 'c1');
  await world.arena.startWorker();
});
afterAll(() => world.close());

/** A paid order of customer c1. */
async function paid(): Promise<string> {
  const placing = { params: placeHeaders(unique('operators'), 20), body: orderOf(quantity) };
  const { data } = await customer.POST('/v1/orders', placing);
  const id = data!.id!;
  const producer = await createProducer(world.arena);
  await producer.send(confirmCommand(id, unique('payment'), total));
  await producer.close();
  await until(async () => (await read(`/v1/orders/${id}`)).body['status'] === 'PAID', {
    what: 'the order is paid',
  });
  return id;
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly location: string | null;
}

async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const authorization = `Bearer ${await world.token('op1', ['orders:ops'])}`;
  const headers = { authorization, 'content-type': 'application/json', ...init.headers };
  const response = await fetch(`${url}${path}`, { ...init, headers, signal: AbortSignal.timeout(60_000) });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, body, location: response.headers.get('location') };
}

const read = (path: string, waitSeconds = 0) => ask(path, { headers: { prefer: `wait=${waitSeconds}` } });

function send(path: string, body: object, { key = unique('key'), waitSeconds = 20 } = {}): Promise<Answer> {
  const headers = { 'idempotency-key': key, prefer: `wait=${waitSeconds}` };
  return ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Sends a command and reads it back. Returns its outcome. */
async function outcome(id: string, path: string, body: object): Promise<unknown> {
  const answer = await send(`/v1/orders/${id}/${path}`, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  const stored = await read(`/v1/orders/${id}/commands/${answer.body['id']}`);
  expect(stored).toMatchObject({ status: 200, body: answer.body });
  const { type, outcome: end, version, status, reason } = answer.body;
  const code = (reason as { code: string } | undefined)?.code;
  return [type, end, version, status, ...(code === undefined ? [] : [code])].join(' ');
}

const units = (count: number) => ({ lines: [{ line: 1, quantity: count }] });

test('two parcels, a delivery, a damaged return and a refund change the order, and each command can be read', async () => {
  const id = await paid();
  const outcomes = [
    await outcome(id, 'shipments', { ...units(3), carrier: 'Post', trackingNumber: 'T-1' }),
    await outcome(id, 'shipments', units(2)),
    await outcome(id, 'shipments', {}),
    await outcome(id, 'deliveries', {}),
    await outcome(id, 'returns', { lines: [{ line: 1, quantity: 1, restock: 0 }], reason: 'broken' }),
    await outcome(id, 'refunds', { amount: 100 }),
    await outcome(id, 'refunds', { amount: total }),
    await outcome(id, 'refunds', { lines: [{ line: 7, quantity: 1 }] }),
  ];
  expect(outcomes).toEqual([
    'SHIP APPLIED 3 PAID',
    'SHIP REFUSED 3 PAID QUANTITY_TOO_LARGE',
    'SHIP APPLIED 4 SHIPPED',
    'DELIVER APPLIED 5 DELIVERED',
    'RETURN APPLIED 6 DELIVERED',
    'REQUEST_REFUND APPLIED 7 DELIVERED',
    'REQUEST_REFUND REFUSED 7 DELIVERED REFUND_TOO_LARGE',
    'REQUEST_REFUND REFUSED 7 DELIVERED LINE_UNKNOWN',
  ]);
  const unknown = await send(`/v1/orders/${id}/refunds/5b0d9a0e-3c7e-8a11-9f0c-2f6f5f3e7d10/retry`, {});
  expect(unknown).toMatchObject({ status: 404, body: { code: 'REFUND_NOT_FOUND' } });
  const [row] = await world.arena.mysql.pool.rows(
    'SELECT shipped, returned, restocked, i.refunded, refund_pending FROM order_items i JOIN orders o USING (order_key)',
  );
  expect(row).toMatchObject({ shipped: 4, returned: 1, restocked: 0, refunded: 1, refund_pending: 350 });
  const history = await read(`/v1/orders/${id}/history`);
  expect((history.body['items'] as { actor: string }[]).map(({ actor }) => actor)).toEqual([
    'customer',
    'provider:local',
    ...Array.from({ length: 5 }, () => 'operator:op1'),
  ]);
}, 120_000);

test('one key is one command: a repeat has its outcome, and another body gets 422', async () => {
  const id = await paid();
  const [path, key] = [`/v1/orders/${id}/refunds`, unique('key')];
  const first = await send(path, { amount: 10 }, { key, waitSeconds: 0 });
  const repeat = await send(path, { amount: 10 }, { key, waitSeconds: 0 });
  const other = await send(path, { amount: 20 }, { key, waitSeconds: 0 });
  expect([first.status, repeat.status, other.status]).toEqual([202, 202, 202]);
  const applied = { status: 200, body: { type: 'REQUEST_REFUND', outcome: 'APPLIED', version: 3 } };
  expect(await read(first.location!, 20)).toMatchObject(applied);
  expect(await read(repeat.location!, 20)).toMatchObject(applied);
  const conflict = { status: 422, body: { code: 'KEY_REUSED' } };
  expect(await read(other.location!, 20)).toMatchObject(conflict);
  expect(await send(path, { amount: 20 }, { key })).toMatchObject(conflict);
  expect(await send(path, { amount: 10 }, { key })).toMatchObject(applied);
  // The same key on another route is another command.
  expect(await send(`/v1/orders/${id}/shipments`, {}, { key })).toMatchObject({
    ...{ status: 200, body: { type: 'SHIP', outcome: 'APPLIED', version: 4 } },
  });
  await until(async () => (await read(`/v1/orders/${id}`)).body['version'] === 4, { what: 'version 4' });
}, 120_000);

test('an operator cancels the rest of an order that is shipped in part', async () => {
  const id = await paid();
  expect(await outcome(id, 'shipments', units(1))).toBe('SHIP APPLIED 3 PAID');
  const { status, body } = await send(`/v1/orders/${id}/cancel`, {});
  expect([status, body['status'], body['version']]).toEqual([200, 'SHIPPED', 4]);
}, 120_000);

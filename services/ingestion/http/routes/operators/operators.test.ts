/** Commands of operators through the whole HTTP application, on fakes. */
import { describe, expect, test } from 'vitest';
import type { OrderCommand } from '../../../../../schemas/index.ts';
import { partitionOfOrder } from '../../../../../topics/index.ts';
import { Failure } from '../../../application/common/failure.ts';
import { decideLast } from '../../../testing/fake-commands.ts';
import { sampleRecords } from '../../../testing/fake-records.ts';
import { createFakeWorld, fakeTokens, placeRequest } from '../../../testing/fake-world.ts';

type World = ReturnType<typeof createFakeWorld>;

const refundId = '5b0d9a0e-3c7e-8a11-9f0c-2f6f5f3e7d10';
const refused = {
  outcome: 'REFUSED',
  version: 2,
  reason: { code: 'LINE_UNKNOWN', message: 'The order has no line 7.', pointer: '/lines/0/line', seen: '{}' },
} as const;

/** A paid order of customer c1, with one refund. */
async function paid(world: World): Promise<string> {
  Object.assign(world.records, { refunds: [{ ...sampleRecords.refunds[0]!, refundId }] });
  const { id } = (await world.app.inject(placeRequest(`key-${world.stored.size}`))).json();
  world.decide(id, 'PAID');
  return id;
}

interface Sending {
  readonly key?: string | null;
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

function send(world: World, url: string, body?: unknown, { key = 'k1', token, headers }: Sending = {}) {
  return world.app.inject({
    method: 'POST',
    url: `/v1/orders/${url}`,
    headers: {
      authorization: `Bearer ${token ?? fakeTokens.ops}`,
      ...(key === null ? {} : { 'idempotency-key': key }),
      ...headers,
    },
    ...(body !== undefined && { payload: body as object }),
  });
}

function read(world: World, url: string, headers: Record<string, string> = {}) {
  return world.app.inject({ url, headers: { authorization: `Bearer ${fakeTokens.ops}`, ...headers } });
}

/** Sends a request that waits, and decides its command. */
async function decided(
  world: World,
  url: string,
  body: object,
  { key, change = {} }: { key?: string; change?: Parameters<typeof decideLast>[1] } = {},
) {
  const before = world.commands.length;
  let isRefused = false;
  const answer = send(world, url, body, { ...(key && { key }), headers: { prefer: 'wait=30' } });
  void answer.then(() => {
    isRefused = true;
  });
  while (world.commands.length === before && !isRefused) await new Promise(setImmediate);
  if (!isRefused) world.publish(url.split('/')[0]!, 3, decideLast(world, change));
  return answer;
}

const lines = [{ line: 1, quantity: 1 }];
const returned = [{ line: 1, quantity: 2, restock: 1 }];

/** Path below the order, body, type and payload of the command. */
const requests: readonly [string, object | undefined, OrderCommand['type'], object][] = [
  ['refunds', {}, 'REQUEST_REFUND', { amount: null, reason: null, lines: [], shipping: false }],
  ['refunds', { amount: 5 }, 'REQUEST_REFUND', { amount: 5, reason: null, lines: [], shipping: false }],
  [
    'refunds',
    { lines, shipping: true, reason: 'late' },
    'REQUEST_REFUND',
    { amount: null, reason: 'late', lines, shipping: true },
  ],
  [`refunds/${refundId.toUpperCase()}/retry`, undefined, 'RETRY_REFUND', { refundId }],
  ['shipments', undefined, 'SHIP', { carrier: null, trackingNumber: null, lines: [] }],
  [
    'shipments',
    { lines, carrier: 'Post', trackingNumber: 'T 1' },
    'SHIP',
    { carrier: 'Post', trackingNumber: 'T 1', lines },
  ],
  ['deliveries', undefined, 'DELIVER', { deliveredAt: expect.any(Number), shipment: null }],
  [
    'deliveries',
    { shipment: 2, deliveredAt: '2026-01-05T10:00:00+01:00' },
    'DELIVER',
    { deliveredAt: Date.parse('2026-01-05T09:00:00Z'), shipment: 2 },
  ],
  ['returns', undefined, 'RETURN', { reason: null, lines: [], refund: true }],
  [
    'returns',
    { lines: returned, refund: false, reason: 'broken' },
    'RETURN',
    { reason: 'broken', lines: returned, refund: false },
  ],
];

describe('a command of an operator', () => {
  test.each(requests)('%s %j appends %s', async (path, body, type, payload) => {
    const world = createFakeWorld();
    const id = await paid(world);
    const answer = await send(world, `${id}/${path}`, body);
    expect(answer.statusCode, answer.body).toBe(202);
    const command = world.commands.at(-1)!;
    expect(command).toMatchObject({
      ...{ orderId: id, customerId: null, actor: 'operator:operator', idempotencyKey: 'k1', type, payload },
      commandId: expect.stringMatching(new RegExp(`^${type.toLowerCase().replace('_', '-')}:[0-9a-f]{32}$`)),
    });
    const { commandId } = command;
    const statusUrl = answer.json().statusUrl as string;
    expect(statusUrl).toMatch(new RegExp(`^/v1/orders/${id}/commands/${commandId}\\?t=`));
    expect(answer.headers).toMatchObject({ location: statusUrl, 'retry-after': '1' });
    const queue = { ahead: 0, etaMs: expect.any(Number) };
    expect(answer.json()).toEqual({ id: commandId, type, outcome: 'QUEUED', statusUrl, queue });
  });

  test('has an id of order, route and key, and a fingerprint of its body', async () => {
    const world = createFakeWorld();
    const [id, other] = [await paid(world), await paid(world)];
    const sent = async (url: string, body: object, key = 'k1') => {
      await send(world, url, body, { key });
      const { commandId, fingerprint } = world.commands.at(-1)!;
      return { commandId, fingerprint: Buffer.from(fingerprint!).toString('hex') };
    };
    const first = await sent(`${id}/shipments`, { carrier: 'Post', lines });
    expect(await sent(`${id}/shipments`, { lines, carrier: 'Post' })).toEqual(first);
    const another = await sent(`${id}/shipments`, { carrier: 'Rail', lines });
    expect([another.commandId, another.fingerprint === first.fingerprint]).toEqual([first.commandId, false]);
    const ids = [first, await sent(`${other}/shipments`, {}), await sent(`${id}/shipments`, {}, 'k2')];
    const route = await sent(`${id}/returns`, {});
    expect(new Set([...ids, route].map(({ commandId }) => commandId)).size).toBe(4);
  });

  test('a repeated delivery without a time has the same fingerprint', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    await send(world, `${id}/deliveries`, {});
    const firstAtMs = Date.now();
    while (Date.now() === firstAtMs) await new Promise(setImmediate);
    await send(world, `${id}/deliveries`);
    const [first, second] = world.commands.slice(-2);
    expect(first!.fingerprint).toEqual(second!.fingerprint);
  });
});

describe('Prefer: wait', () => {
  test('gives the outcome of an applied command', async () => {
    const world = createFakeWorld();
    const answer = await decided(world, `${await paid(world)}/shipments`, {});
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      {
        id: world.commands.at(-1)!.commandId,
        ...{ type: 'SHIP', outcome: 'APPLIED', version: 3, status: 'PAID' },
        decidedAt: new Date(1_767_600_000_000).toISOString(),
      },
    ]);
    expect(answer.headers['preference-applied']).toBe('wait=30');
    expect(answer.headers['idempotent-replayed']).toBeUndefined();
  });

  test('gives 200 and the reason of a refused command', async () => {
    const world = createFakeWorld();
    const answer = await decided(world, `${await paid(world)}/shipments`, {}, { change: refused });
    const reason = { code: 'LINE_UNKNOWN', message: 'The order has no line 7.', pointer: '/lines/0/line' };
    expect([answer.statusCode, answer.json()]).toMatchObject([
      200,
      { outcome: 'REFUSED', version: 2, reason },
    ]);
  });

  test('a repeated request gets the outcome of the first one', async () => {
    const world = createFakeWorld();
    const url = `${await paid(world)}/refunds`;
    const first = await decided(world, url, { amount: 5 }, { change: refused });
    const second = await decided(world, url, { amount: 5 });
    expect([second.statusCode, second.json()]).toEqual([200, first.json()]);
    expect(second.headers['idempotent-replayed']).toBe('true');
  });

  test('a repeated request is queued while the database is away', async () => {
    const world = createFakeWorld();
    const url = `${await paid(world)}/refunds`;
    await decided(world, url, { amount: 5 });
    const before = world.commands.length;
    const again = send(world, url, { amount: 5 }, { headers: { prefer: 'wait=30' } });
    while (world.commands.length === before) await new Promise(setImmediate);
    const event = decideLast(world);
    world.mysqlAway = true;
    world.publish(url.split('/')[0]!, 3, event);
    expect((await again).statusCode).toBe(202);
  });

  test('another body with the same key is 422', async () => {
    const world = createFakeWorld();
    const url = `${await paid(world)}/refunds`;
    await decided(world, url, { amount: 5 });
    const other = await decided(world, url, { amount: 6 });
    expect(other.json()).toMatchObject({ status: 422, code: 'KEY_REUSED' });
  });

  test('gives a dead letter as such', async () => {
    const world = createFakeWorld();
    const change = { outcome: 'DEAD_LETTERED', version: 0, status: null } as const;
    const answer = await decided(world, `${await paid(world)}/returns`, {}, { change });
    expect(answer.json()).toMatchObject({ outcome: 'DEAD_LETTERED', reason: { code: 'DEAD_LETTERED' } });
  });

  test('does not end with the outcome of an earlier command', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    await send(world, `${id}/shipments`, {}, { key: 'earlier' });
    const earlier = decideLast(world, { version: 2 });
    const offset = world.offsets[partitionOfOrder(id)]! - 1;
    const before = world.commands.length;
    const answer = send(world, `${id}/returns`, {}, { headers: { prefer: 'wait=30' } });
    while (world.commands.length === before) await new Promise(setImmediate);
    world.publish(id, 2, { ...earlier, sourceOffset: offset });
    world.publish(id, 3, decideLast(world));
    expect((await answer).json()).toMatchObject({ type: 'RETURN', outcome: 'APPLIED', version: 3 });
  });

  test('gives 202 when the service stops, or when too many clients wait', async () => {
    const world = createFakeWorld({ watchersMax: 0 });
    const id = await paid(world);
    const headers = { prefer: 'wait=30' };
    expect((await send(world, `${id}/returns`, {}, { headers })).statusCode).toBe(202);
    const stopping = createFakeWorld();
    const other = await paid(stopping);
    const waiting = send(stopping, `${other}/returns`, {}, { headers });
    while (stopping.commands.length === 1) await new Promise(setImmediate);
    stopping.waits.drain();
    expect((await waiting).statusCode).toBe(202);
  });
});

describe('GET /v1/orders/{id}/commands/{commandId}', () => {
  test('a queued command needs its ticket', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    const { statusUrl } = (await send(world, `${id}/shipments`)).json();
    const queued = await read(world, statusUrl);
    expect([queued.statusCode, queued.json()]).toMatchObject([
      200,
      { type: 'SHIP', outcome: 'QUEUED', statusUrl, queue: { ahead: 0 } },
    ]);
    for (const url of [statusUrl.split('?')[0], `${statusUrl}x`, statusUrl.replace('ship:', 'ship:0')]) {
      expect((await read(world, url)).json(), url).toMatchObject({ status: 404, code: 'COMMAND_NOT_FOUND' });
    }
  });

  test('a decided command needs no ticket', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    const answer = await decided(world, `${id}/shipments`, {}, { change: refused });
    const stored = await read(world, `/v1/orders/${id}/commands/${answer.json().id}`);
    expect([stored.statusCode, stored.json()]).toEqual([200, answer.json()]);
  });

  test('the ticket of another body with the same key gives 422', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    const first = (await send(world, `${id}/refunds`, { amount: 5 })).json();
    world.publish(id, 3, decideLast(world));
    const second = (await send(world, `${id}/refunds`, { amount: 6 })).json();
    world.publish(id, 3, decideLast(world));
    expect((await read(world, first.statusUrl)).json()).toMatchObject({ outcome: 'APPLIED' });
    expect((await read(world, second.statusUrl)).json()).toMatchObject({ status: 422, code: 'KEY_REUSED' });
  });

  test('Prefer: wait waits for the outcome', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    const { statusUrl } = (await send(world, `${id}/shipments`)).json();
    const waiting = read(world, statusUrl, { prefer: 'wait=30' });
    await new Promise(setImmediate);
    world.publish(id, 3, decideLast(world));
    const answer = await waiting;
    expect(answer.json()).toMatchObject({ outcome: 'APPLIED', version: 3 });
  });

  test('a dead letter is an outcome, and a command that the log lost is 410', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    const { statusUrl } = (await send(world, `${id}/shipments`)).json();
    world.setAside(id);
    expect((await read(world, statusUrl)).json()).toMatchObject({ outcome: 'DEAD_LETTERED', version: 0 });
    const lost = (await send(world, `${id}/returns`)).json();
    world.publish(id, 3);
    expect((await read(world, lost.statusUrl)).json()).toMatchObject({ status: 410, code: 'COMMAND_LOST' });
  });

  test('without the database, only a queued command has a state', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    const { statusUrl } = (await send(world, `${id}/shipments`)).json();
    world.mysqlAway = true;
    expect((await read(world, statusUrl)).json()).toMatchObject({ outcome: 'QUEUED' });
    expect((await read(world, statusUrl.split('?')[0]!)).json()).toMatchObject({
      ...{ status: 503, code: 'STATE_UNAVAILABLE' },
    });
  });

  test('an id that no command can have is not found', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    const url = `/v1/orders/${id}/commands/${encodeURIComponent('ü')}`;
    expect((await read(world, url)).json()).toMatchObject({ code: 'COMMAND_NOT_FOUND' });
    expect((await read(world, '/v1/orders/x/commands/y')).json()).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('refused requests of operators', () => {
  test.each<[string, unknown, string]>([
    ['refunds', { amount: 0 }, '/amount'],
    ['refunds', { amount: 2 ** 53 - 1 }, '/amount'],
    ['refunds', { amount: 5, lines }, '/amount'],
    ['refunds', { amount: 5, shipping: true }, '/amount'],
    ['refunds', { shipping: false }, '/shipping'],
    ['refunds', { lines: [] }, '/lines'],
    ['refunds', { lines: [{ line: 101, quantity: 1 }] }, '/lines/0/line'],
    ['refunds', { lines: [...lines, ...lines] }, '/lines/1/line'],
    ['refunds', { reason: 'a\nb' }, '/reason'],
    ['refunds', { all: true }, '/all'],
    ['shipments', { lines: [{ line: 1, quantity: 0 }] }, '/lines/0/quantity'],
    ['shipments', { lines: [...lines, ...lines] }, '/lines/1/line'],
    ['shipments', { carrier: 'x'.repeat(129) }, '/carrier'],
    ['shipments', { trackingNumber: '' }, '/trackingNumber'],
    ['deliveries', { shipment: 0 }, '/shipment'],
    ['deliveries', { deliveredAt: 'today' }, '/deliveredAt'],
    ['deliveries', { deliveredAt: '1969-12-31T23:59:59Z' }, '/deliveredAt'],
    ['deliveries', { deliveredAt: '2999-01-01T00:00:00Z' }, '/deliveredAt'],
    ['returns', { lines }, '/lines/0/restock'],
    ['returns', { lines: [{ line: 1, quantity: 1, restock: 2 }] }, '/lines/0/restock'],
    ['returns', { lines: [...returned, ...returned] }, '/lines/1/line'],
  ])('%s %j is 400 at %s', async (path, body, pointer) => {
    const world = createFakeWorld();
    const id = await paid(world);
    const answer = await send(world, `${id}/${path}`, body);
    expect(answer.json()).toMatchObject({ status: 400, code: 'VALIDATION_FAILED', errors: [{ pointer }] });
    expect(world.commands).toHaveLength(1);
  });

  test('a carrier has up to 128 characters of any plane', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    expect((await send(world, `${id}/shipments`, { carrier: '\u{1F4E6}'.repeat(128) })).statusCode).toBe(202);
  });

  test.each<[string, Sending, number, string]>([
    ['without a key', { key: null }, 400, 'IDEMPOTENCY_KEY_MISSING'],
    ['with a malformed key', { key: '"' }, 400, 'IDEMPOTENCY_KEY_INVALID'],
    ['of the customer', { token: fakeTokens.c1 }, 403, 'SCOPE_MISSING'],
    ['without a token', { headers: { authorization: '' } }, 401, 'UNAUTHORIZED'],
  ])('a request %s is refused', async (_name, sending, status, code) => {
    const world = createFakeWorld();
    const id = await paid(world);
    const paths = ['refunds', `refunds/${refundId}/retry`, 'shipments', 'deliveries', 'returns'];
    for (const path of paths) {
      const answer = await send(world, `${id}/${path}`, path === 'refunds' ? {} : undefined, sending);
      expect(answer.json(), path).toMatchObject({ status, code });
    }
    expect(world.commands).toHaveLength(1);
  });

  test('a retry of a refund that the order does not have is 404, and the log has no command', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    const retry = () => send(world, `${id}/refunds/6b0d9a0e-3c7e-8a11-9f0c-2f6f5f3e7d10/retry`);
    expect((await retry()).json()).toMatchObject({ status: 404, code: 'REFUND_NOT_FOUND' });
    expect(world.commands).toHaveLength(1);
    // Without the database the id may exist, so the log decides.
    world.mysqlAway = true;
    expect((await retry()).statusCode).toBe(202);
  });

  test('an unknown order, and a refund id of another form, are 404', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    const other = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`;
    expect((await send(world, `${other}/refunds`, {})).json()).toMatchObject({ code: 'NOT_FOUND' });
    expect((await send(world, `${id}/refunds/7/retry`)).json()).toMatchObject({
      ...{ status: 404, code: 'REFUND_NOT_FOUND' },
    });
    expect(world.commands).toHaveLength(1);
  });

  test('a command that is not in the log is 503', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    world.produceProblem = new Failure('NOT_PRODUCED', { retryAfterMs: 2_000 });
    expect((await send(world, `${id}/returns`)).json()).toMatchObject({ status: 503, code: 'NOT_PRODUCED' });
  });

  test('a command counts against the rate of its operator', async () => {
    const world = createFakeWorld({ ordersPerSecond: 1, burstOrders: 1 });
    const id = await paid(world);
    expect((await send(world, `${id}/returns`)).statusCode).toBe(202);
    expect((await send(world, `${id}/returns`)).json()).toMatchObject({ status: 429 });
  });
});

describe('operators and orders of customers', () => {
  test('an operator reads the order of any customer, with its details, history and events', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    const order = await read(world, `/v1/orders/${id}?include=details`);
    expect(order.json()).toMatchObject({ id, customerId: 'c1', metadata: { note: 'mine' } });
    for (const part of ['history', 'payments', 'refunds', 'shipments', 'returns'])
      expect((await read(world, `/v1/orders/${id}/${part}`)).statusCode, part).toBe(200);
    world.decide(id, 'CLOSED');
    world.cached.clear();
    const events = await read(world, `/v1/orders/${id}/events`, { 'last-event-id': '2' });
    expect(events.statusCode).toBe(204);
  });

  test('an operator cancels the order of any customer, as an operator', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    const answer = await send(world, `${id}/cancel`, {}, { key: null });
    expect(answer.statusCode).toBe(202);
    const own = world.commands.at(-1)!;
    expect(own).toMatchObject({ type: 'CANCEL', actor: 'operator:operator', customerId: null });
    await send(world, `${id}/cancel`, {}, { key: null, token: fakeTokens.c1 });
    const customers = world.commands.at(-1)!;
    expect(customers).toMatchObject({ type: 'CANCEL', actor: 'customer', customerId: 'c1' });
    expect(customers.commandId).not.toBe(own.commandId);
  });

  test('a customer neither sees nor cancels the order of another customer', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    const headers = { authorization: `Bearer ${fakeTokens.c2}` };
    expect((await world.app.inject({ url: `/v1/orders/${id}`, headers })).statusCode).toBe(404);
    expect((await send(world, `${id}/cancel`, {}, { token: fakeTokens.c2 })).statusCode).toBe(404);
    expect(world.commands).toHaveLength(1);
  });

  test('a customer sees that an operator changed the order, and not which one', async () => {
    const world = createFakeWorld();
    const id = await paid(world);
    const change = { version: 2, status: 'SHIPPED', command: 'SHIP', reason: null, atMs: 0 };
    world.history.push({ ...change, actor: 'operator:operator' }, { ...change, actor: 'provider:local' });
    const actors = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const history = (await world.app.inject({ url: `/v1/orders/${id}/history`, headers })).json();
      return history.items.map(({ actor }: { actor: string }) => actor);
    };
    expect(await actors(fakeTokens.c1)).toEqual(['customer', 'operator', 'provider:local']);
    expect(await actors(fakeTokens.ops)).toEqual(['customer', 'operator:operator', 'provider:local']);
  });

  test('an operator without the other scopes places and lists no orders', async () => {
    const world = createFakeWorld();
    expect((await read(world, '/v1/orders')).statusCode).toBe(403);
    const headers = { authorization: `Bearer ${fakeTokens.ops}` };
    expect((await world.app.inject(placeRequest('k1', undefined, headers))).statusCode).toBe(403);
  });
});

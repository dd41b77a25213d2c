import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../tests/support/until.ts';
import { openConnections } from './connections.ts';
import type { HistoryLine } from './history.ts';
import { type AcceptedOrder, createPlacer, type Placer } from './placement.ts';
import { createTally, type Tally } from './tally.ts';

const customer = { name: 'c1', tokenName: 'token 1', token: 'secret' };
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Seen {
  readonly url: string;
  readonly keys: readonly string[];
}
/** Answers the request with this index; `keys` are those of its orders. */
type Answering = (response: ServerResponse, seen: Seen, index: number) => void;

interface World {
  readonly placer: Placer;
  readonly tally: Tally;
  readonly seen: Seen[];
  readonly accepted: AcceptedOrder[];
  readonly lines: HistoryLine[];
  readonly reasons: string[];
  place(...keys: string[]): void;
}

/** A placer whose API answers with `answering`. */
async function openWorld(answering: Answering, refusalsExpected = false): Promise<World> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const one = { url: request.url!, keys: await keysOf(request) };
    answering(response, one, seen.push(one) - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connections = openConnections({ host: '127.0.0.1', port });
  closers.push(
    () => connections.close(),
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const tally = createTally();
  const world = {
    tally,
    seen,
    accepted: [] as AcceptedOrder[],
    lines: [] as HistoryLine[],
    reasons: [] as string[],
  };
  const placer = createPlacer({
    site: { host: 'shop.example', prefix: '' },
    connections,
    tally,
    history: {
      write: (line) => world.lines.push(line),
      room: () => null,
      failure: () => null,
      close: async () => null,
    },
    refusalsExpected,
    onAccepted: (order) => world.accepted.push(order),
    onHopeless: (reason) => world.reasons.push(reason),
  });
  return {
    ...world,
    placer,
    place(...keys) {
      const orders = keys.map((key) => ({ key, body: '{}' }));
      placer.place({ customer, orders, dueMs: performance.now(), attempt: 1 });
    },
  };
}

async function keysOf(request: IncomingMessage): Promise<string[]> {
  let text = '';
  for await (const chunk of request) text += chunk;
  const key = request.headers['idempotency-key'];
  if (key !== undefined) return [String(key)];
  return (JSON.parse(text) as { orders: { idempotencyKey: string }[] }).orders.map(
    ({ idempotencyKey }) => idempotencyKey,
  );
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, headers).end(JSON.stringify(body));
}

function accept(response: ServerResponse, { keys }: Seen): void {
  send(response, 202, { id: `id-${keys[0]}`, status: 'QUEUED', statusUrl: `/v1/orders/id-${keys[0]}?t=1` });
}

const refuse = (response: ServerResponse, status: number, code: string): void =>
  send(response, status, { code }, { 'retry-after': '0' });
const idle = ({ placer }: World): Promise<unknown> =>
  until(() => placer.open() === 0, { what: 'the final answer to every request' });

describe('a placer', () => {
  test.each([
    [503, 'OVERLOADED'],
    [429, 'RATE_LIMITED'],
    [500, 'INTERNAL'],
  ])('sends an order again with the same key after %i %s', async (status, code) => {
    const world = await openWorld((response, seen, index) =>
      index < 2 ? refuse(response, status, code) : accept(response, seen),
    );
    world.place('k1');
    await idle(world);
    expect(world.seen.map(({ keys }) => keys)).toEqual([['k1'], ['k1'], ['k1']]);
    expect(world.tally).toMatchObject({ requests: 3, retries: 2, accepted: 1, errors: 2, unanswered: 0 });
    expect(world.tally.answers).toEqual(
      new Map([
        [`${status} ${code}`, 2],
        ['202', 1],
      ]),
    );
    expect(world.tally.refused.size).toBe(0);
    expect(world.accepted).toMatchObject([{ id: 'id-k1', statusUrl: '/v1/orders/id-k1?t=1' }]);
    expect(world.lines.map(({ attempt, status: each }) => [attempt, each])).toEqual([
      [1, status],
      [2, status],
      [3, 202],
    ]);
  });

  test('waits as long as Retry-After says', async () => {
    const sentMs: number[] = [];
    const world = await openWorld((response, seen, index) => {
      sentMs.push(performance.now());
      if (index === 0) send(response, 429, { code: 'RATE_LIMITED' }, { 'retry-after': '1' });
      else accept(response, seen);
    });
    world.place('k1');
    await idle(world);
    expect(sentMs[1]! - sentMs[0]!).toBeGreaterThanOrEqual(999);
  });

  test('sends nothing again and counts no error if refusals are expected', async () => {
    const world = await openWorld((response) => refuse(response, 503, 'OVERLOADED'), true);
    world.place('k1');
    await idle(world);
    expect(world.tally).toMatchObject({ requests: 1, retries: 0, accepted: 0, errors: 0 });
    expect(world.tally.refused).toEqual(new Map([['503 OVERLOADED', 1]]));
  });

  test('counts another refusal as an error also if refusals are expected, and does not repeat it', async () => {
    const world = await openWorld((response) => refuse(response, 422, 'KEY_REUSED'), true);
    world.place('k1');
    await idle(world);
    expect(world.tally).toMatchObject({ requests: 1, errors: 1 });
    expect(world.tally.refused).toEqual(new Map([['422 KEY_REUSED', 1]]));
  });

  test('sends only the refused orders of a batch again', async () => {
    const world = await openWorld((response, seen, index) => {
      if (index > 0) return accept(response, seen);
      const [first, second, third] = seen.keys;
      const items = [
        { index: 0, status: 202, id: `id-${first}`, statusUrl: '/1' },
        { index: 1, status: 503, problem: { code: 'NOT_PRODUCED', key: second } },
        { index: 2, status: 202, id: `id-${third}`, statusUrl: '/3' },
      ];
      return send(response, 200, { items }, { 'retry-after': '0' });
    });
    world.place('k1', 'k2', 'k3');
    await idle(world);
    expect(world.seen).toEqual([
      { url: '/v1/orders/batch', keys: ['k1', 'k2', 'k3'] },
      { url: '/v1/orders', keys: ['k2'] },
    ]);
    expect(world.tally).toMatchObject({ accepted: 3, errors: 1, retries: 1 });
    expect(world.accepted.map(({ id }) => id)).toEqual(['id-k1', 'id-k3', 'id-k2']);
    expect(world.lines[0]).toMatchObject({
      status: 200,
      keys: ['k1', 'k2', 'k3'],
      orderIds: ['id-k1', null, 'id-k3'],
      orderCodes: [null, 'NOT_PRODUCED', null],
    });
  });

  test('sends an order again after a connection that closed without an answer', async () => {
    const world = await openWorld((response, seen, index) => {
      if (index === 0) response.destroy();
      else accept(response, seen);
    });
    world.place('k1');
    await idle(world);
    expect(world.tally).toMatchObject({ requests: 2, accepted: 1, errors: 1, unanswered: 0 });
    expect([...world.tally.answers.keys()]).toEqual([expect.stringMatching(/^no answer \(/), '202']);
  });

  test.each([
    [401, 'the API refused token 1: 401 CODE'],
    [403, 'the API refused token 1: 403 CODE'],
    [308, 'the API redirects requests (308); use the address that it redirects to'],
    [404, 'the server has no API of orderstream at this address: it answered 404'],
  ])('says why no further request can succeed after %i', async (status, reason) => {
    const world = await openWorld((response) => refuse(response, status, 'CODE'));
    world.place('k1');
    await idle(world);
    expect(world.reasons).toEqual([reason]);
    expect(world.tally.errors).toBe(1);
  });

  test('ends orders that wait for their next attempt when it stops', async () => {
    const world = await openWorld((response, _seen, index) => {
      if (index === 0) send(response, 503, { code: 'OVERLOADED' }, { 'retry-after': '30' });
      else response.destroy();
    });
    world.place('k1');
    await until(() => world.tally.errors === 1, { what: 'the first answer' });
    world.placer.stop();
    expect(world.placer.open()).toBe(0);
    expect(world.tally.refused).toEqual(new Map([['503 OVERLOADED', 1]]));
    world.place('k2');
    await idle(world);
    expect(world.tally).toMatchObject({ requests: 2, unanswered: 1, accepted: 0 });
  });
});

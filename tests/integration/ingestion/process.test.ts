/**
 * An ingestion process is stopped or killed with requests in flight. Accepted orders are in the log, and
 * clients may retry others.
 */
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiProcess, spawnApi } from '../../support/api/api-process.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { complaints } from '../../support/arena/processes/verify.ts';
import { unique, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('process');
const database = useDatabase('process');
let world: ApiWorld;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
  await world.arena.startWorker();
});
afterAll(async () => {
  await Promise.all(started.map((api) => api.end('SIGKILL')));
  await world.close();
});

const started: ApiProcess[] = [];
async function startApi(): Promise<ApiProcess> {
  const api = await spawnApi({ ...world.env, INSTANCE_ID: unique('api'), LOG_LEVEL: 'debug' });
  started.push(api);
  return api;
}

function load(url: string, count: number) {
  const client = world.clientOf({ url }, 'c1');
  return Array.from({ length: count }, async (_, n) => {
    const key = unique(`p${n}-`);
    const answer = await client
      .POST('/v1/orders', { params: placeHeaders(key, n % 4 === 0 ? 20 : 0), body: orderOf() })
      .catch((error: unknown) => ({ error, response: undefined, data: undefined }));
    return { key, status: answer.response?.status ?? 0, id: answer.data?.id };
  });
}

/**
 * An order whose headers have arrived and whose body has not; it counts as in flight until its socket closes.
 */
async function openSlowRequest(url: string): Promise<net.Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = net.connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  const token = await world.token('c1');
  socket.write(
    `POST /v1/orders HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nIdempotency-Key: slow\r\n` +
      'Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n',
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(String(answer)).toContain('100 Continue');
  return socket;
}

async function expectAllThere(ids: readonly string[]): Promise<void> {
  await world.arena.quiesce();
  const rows = await world.arena.mysql.pool.rows<{ id: string }>(
    'SELECT LOWER(HEX(order_id)) AS id FROM orders',
  );
  const there = new Set(rows.map(({ id }) => id));
  expect(ids.filter((id) => !there.has(id.replaceAll('-', '')))).toEqual([]);
}

test('after SIGTERM it is not ready, answers requests in flight, informs waiting clients, and ends before its deadline', async () => {
  const api = await startApi();
  const ready = async (): Promise<string> => {
    const answer = await fetch(`${api.adminUrl}/readyz`).catch(() => null);
    return answer === null ? 'gone' : String(answer.status);
  };
  await until(async () => (await ready()) === '200', { what: 'a ready process' });
  const answers = load(api.url, 300);
  const slow = await openSlowRequest(api.url);
  await Promise.race(answers);
  const seen: string[] = [];
  const watched = until(async () => seen.push(await ready()) > 0 && seen.at(-1) === 'gone', {
    what: 'the end of the process',
    everyMs: 1,
  });
  const ended = api.end('SIGTERM');
  // A request in flight keeps it running long enough to be seen.
  await until(() => seen.includes('503'), { what: 'readiness to go', everyMs: 1 });
  slow.destroy();
  const code = await ended;
  // A process that ends at its own deadline logs that, and exits with 1.
  expect(code, api.lines.slice(-10).join('\n')).toBe(0);
  expect(api.lines.filter((line) => line.includes('STOP_DEADLINE'))).toEqual([]);
  await watched;
  expect([...new Set(['200', ...seen])]).toEqual(['200', '503', 'gone']);
  const all = await Promise.all(answers);
  // 0 means that the connection was refused. So no order was accepted, and a retry elsewhere is allowed.
  expect(
    [...new Set(all.map(({ status }) => status))].filter((status) => ![0, 200, 202, 503].includes(status)),
  ).toEqual([]);
  const accepted = all.filter(({ status }) => status === 200 || status === 202);
  expect(accepted.length).toBeGreaterThan(0);
  await expectAllThere(accepted.map(({ id }) => id!));
});

test('after kill -9, a retry of every order elsewhere gives the same ids, and one row each', async () => {
  const api = await startApi();
  const answers = load(api.url, 200);
  await Promise.race(answers);
  await api.end('SIGKILL');
  const all = await Promise.all(answers);
  const second = await world.startApi();
  const client = world.clientOf(second, 'c1');
  const retried = await Promise.all(
    all.map(async ({ key, id }) => {
      const answer = await client.POST('/v1/orders', { params: placeHeaders(key), body: orderOf() });
      expect([200, 202]).toContain(answer.response.status);
      if (id !== undefined) expect(answer.data!.id).toBe(id);
      return answer.data!.id;
    }),
  );
  await expectAllThere(retried);
  const [row] = await world.arena.mysql.pool.rows<{ n: number }>(
    'SELECT COUNT(*) AS n FROM orders WHERE idempotency_key IN (?)'.replace(
      '?',
      all.map(() => '?').join(','),
    ),
    all.map(({ key }) => key),
  );
  expect(row!.n).toBe(all.length);
  expect(complaints(await world.arena.verify())).toEqual([]);
});

/** An ingestion process that is stopped or killed with requests in flight: what was accepted is in the log, the rest may be retried. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../support/api-world.ts';
import { complaints } from '../support/arena/verify.ts';
import { unique, useDatabase, useTopicPrefix } from '../support/stack.ts';

const prefix = useTopicPrefix('process');
const database = useDatabase('process');
const entry = path.join(import.meta.dirname, '../../services/ingestion/main.ts');
const secretName = 'Planted Person';
let world: ApiWorld;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
  await world.arena.startWorker();
});
afterAll(() => world.close());

interface ApiProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly lines: string[];
}

async function spawnApi(): Promise<ApiProcess> {
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, ...world.env, INSTANCE_ID: unique('api'), LOG_LEVEL: 'debug' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout!).on('line', (line) => {
      lines.push(line);
      const listening = /"url":"(http[^"]+)"/.exec(line)?.[1];
      if (listening !== undefined) resolve(listening);
    });
    child.once('close', (code) => reject(new Error(`ended with ${code}: ${lines.at(-1)}`)));
  });
  return { child, url, lines };
}

function load(url: string, count: number) {
  const client = world.clientOf({ url }, 'c1');
  const order = orderOf();
  order.shippingAddress.name = secretName;
  return Array.from({ length: count }, async (_, n) => {
    const key = unique(`p${n}-`);
    const answer = await client
      .POST('/v1/orders', { params: placeHeaders(key, n % 4 === 0 ? 20 : 0), body: order })
      .catch((error: unknown) => ({ error, response: undefined, data: undefined }));
    return { key, status: answer.response?.status ?? 0, id: answer.data?.id };
  });
}

async function expectAllThere(ids: readonly string[]): Promise<void> {
  await world.arena.quiesce();
  const rows = await world.arena.mysql.pool.rows<{ id: string }>(
    'SELECT LOWER(HEX(order_id)) AS id FROM orders',
  );
  const there = new Set(rows.map(({ id }) => id));
  expect(ids.filter((id) => !there.has(id.replaceAll('-', '')))).toEqual([]);
}

test('SIGTERM: everyone in flight is answered, who waits is told, and it is gone within 5 s', async () => {
  const { child, url, lines } = await spawnApi();
  const answers = load(url, 300);
  await Promise.race(answers);
  const startedMs = performance.now();
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  expect(code, lines.slice(-10).join('\n')).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  const all = await Promise.all(answers);
  // 0: the connection was refused, so nothing was taken in; a retry elsewhere is in order.
  expect(
    [...new Set(all.map(({ status }) => status))].filter((status) => ![0, 200, 202, 503].includes(status)),
  ).toEqual([]);
  const accepted = all.filter(({ status }) => status === 200 || status === 202);
  expect(accepted.length).toBeGreaterThan(0);
  await expectAllThere(accepted.map(({ id }) => id!));
  const log = lines.join('\n');
  for (const secret of [secretName, 'Street 1', 'Bearer ey', world.env['TICKET_SECRET']!])
    expect(log).not.toContain(secret);
});

test('kill -9: a retry of every order elsewhere gives the same ids, and one row each', async () => {
  const { child, url } = await spawnApi();
  const answers = load(url, 200);
  await Promise.race(answers);
  child.kill('SIGKILL');
  const all = await Promise.all(answers);
  const second = await world.startApi();
  const client = world.clientOf(second, 'c1');
  const order = orderOf();
  order.shippingAddress.name = secretName;
  const retried = await Promise.all(
    all.map(async ({ key, id }) => {
      const answer = await client.POST('/v1/orders', { params: placeHeaders(key), body: order });
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

/**
 * Brokers refuse commands because of their settings. Responses are still true, readiness shows the refusals,
 * and ingestion recovers by itself.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '../../../topics/index.ts';
import { type ApiProcess, spawnApi } from '../../support/api/api-process.ts';
import { type ApiWorld, openApiWorld, orderOf } from '../../support/api/api-world.ts';
import { unique, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('refused');
const database = useDatabase('refused');
let world: ApiWorld;
let api: ApiProcess;

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
  api = await spawnApi({ ...world.env, INSTANCE_ID: unique('api') });
});
afterAll(async () => {
  await api.end('SIGKILL');
  await world.close();
});

const place = async () => {
  const token = await world.issuer.sign({ customerId: 'c1', scopes: ['orders:write'] });
  const answer = await fetch(`${api.url}/v1/orders`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': unique('k'),
    },
    body: JSON.stringify(orderOf()),
  });
  return { status: answer.status, body: (await answer.json()) as { code?: string } };
};

const readiness = async () => {
  const answer = await fetch(`${api.adminUrl}/readyz`);
  return { status: answer.status, body: (await answer.json()) as { problems?: string[] } };
};

test('if brokers refuse the time of records, orders get NOT_PRODUCED; readiness shows why, and recovers for a new try', async () => {
  await until(async () => (await readiness()).status === 200, { what: 'being ready' });
  expect((await place()).status).toBe(202);
  // Each record is older than that when it arrives.
  await world.arena.admin.alterTopicConfigs(COMMANDS, { 'message.timestamp.before.max.ms': '1' });
  const refused = await until(
    async () => {
      const answer = await place();
      return answer.status === 202 ? null : answer;
    },
    { what: 'a refusal', everyMs: 50 },
  );
  expect(refused).toMatchObject({ status: 503, body: { code: 'NOT_PRODUCED' } });
  expect(await readiness()).toMatchObject({
    status: 503,
    body: { problems: ['produce: the brokers refuse commands: INVALID_TIMESTAMP'] },
  });
  await until(async () => (await readiness()).status === 200, { what: 'being tried again', everyMs: 200 });
});

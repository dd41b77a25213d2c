/** A broker enforces topics/acls.ts. The product works with these rights, and no principal has others. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { fields as notificationFields } from '../../../services/notification/config.ts';
import { startNotification } from '../../../services/notification/service.ts';
import { type Receiver, startReceiver } from '../../../services/notification/testing/receiver.ts';
import { fields as projectorFields } from '../../../services/projector/config.ts';
import { startProjector } from '../../../services/projector/service.ts';
import { fields as reconciliationFields } from '../../../services/reconciliation/config.ts';
import { startReconciliation } from '../../../services/reconciliation/service.ts';
import { type PrincipalName, principals } from '../../../topics/acls.ts';
import { EVENTS, FINDINGS, GROUPS, topicCatalogue } from '../../../topics/index.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { createProducer } from '../../support/arena/load.ts';
import { plantedSecretKeys } from '../../support/records/planted.ts';
import { type Started, startInProcess } from '../../support/records/subscribers.ts';
import { type AclKafka, startAclKafka } from '../../support/servers/kafka-acls.ts';
import { openAttempts } from '../../support/servers/kafka-attempts.ts';
import { unique, until, useDatabase } from '../../support/servers/stack.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const database = useDatabase('kafka-acls');
const topicPrefix = `${unique('acls')}.`;
let kafka: AclKafka;
let world: ApiWorld;
let receiver: Receiver;

beforeAll(async () => {
  [kafka, receiver] = await Promise.all([startAclKafka('acls'), startReceiver()]);
  await kafka.grant(topicPrefix);
  const applied = await orderstream('setup', 'topics', 'apply', '--replication-factor', '1');
  expect(applied).toMatchObject({ code: 0 });
  world = await openApiWorld({ topicPrefix, mysqlUrl: database().url, kafkaBrokers: kafka.openBrokers });
}, 120_000);
afterAll(async () => {
  await world?.close();
  await receiver?.close();
  await kafka?.close();
});

const envOf = (principal: PrincipalName) => ({
  ...world.env,
  ...kafka.envOf(principal),
  INSTANCE_ID: principal,
});

function orderstream(
  principal: 'operator' | 'setup',
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = {
    ...process.env,
    ...world?.env,
    ...kafka.envOf(principal),
    KAFKA_TOPIC_PREFIX: topicPrefix,
    WEBHOOK_SECRET_KEYS: plantedSecretKeys,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ['cli/main.ts', ...args], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe('the product, each service with its own principal', () => {
  let projector: Started;
  let notification: Started;
  let reconciliation: Started;

  beforeAll(async () => {
    await world.arena.startWorker(kafka.envOf('worker'));
    const hooks = { WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1' };
    projector = await startInProcess(projectorFields, envOf('projector'), startProjector);
    notification = await startInProcess(
      notificationFields,
      { ...envOf('notification'), ...hooks, ENDPOINTS_REFRESH: '50ms' },
      startNotification,
    );
    reconciliation = await startInProcess(
      reconciliationFields,
      { ...envOf('reconciliation'), RECONCILE_EVERY: '100ms' },
      startReconciliation,
    );
  });
  afterAll(() => Promise.all([projector, notification, reconciliation].map((each) => each?.stop())));

  it('decides an order, delivers it, puts it into the snapshot and compares it', async () => {
    const hooks = { WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1' };
    const api = await world.startApi({ ...envOf('ingestion'), ...hooks });
    const client = world.clientOf(api, 'c1', ['orders:write', 'orders:read', 'webhooks:manage']);
    const made = await client.POST('/v1/webhook-endpoints', { body: { url: receiver.url } });
    expect(made.response.status).toBe(201);
    const placed = await client.POST('/v1/orders', { params: placeHeaders('one', 20), body: orderOf() });
    expect(placed.data).toMatchObject({ status: 'PENDING_PAYMENT' });
    await until(() => receiver.received.length > 0, { what: 'the webhook arrives' });

    const checked = async (result: string) =>
      [...(await reconciliation.metrics.text()).matchAll(new RegExp(`result="${result}"[^}]*\\} [1-9]`, 'g'))]
        .length;
    await until(async () => (await checked('done')) >= 4, { what: 'a round of several checks' });
    expect(await checked('failed')).toBe(0);
    const report = await orderstream('operator', 'verify', '--json');
    expect(JSON.parse(report.stdout), report.stderr).toMatchObject({ ok: true, orders: 1 });
    for (const each of [projector, notification, reconciliation])
      expect([each.failure(), each.problems()]).toEqual([null, []]);
  });

  it('publishes a finding', async () => {
    const { pool } = world.arena.mysql;
    await pool.write("UPDATE stock SET available = available + 1 WHERE sku = 'SKU-1'");
    onTestFinished(async () => {
      await pool.write("UPDATE stock SET available = available - 1 WHERE sku = 'SKU-1'");
    });
    const published = async () =>
      [...(await world.arena.admin.endOffsets(FINDINGS)).values()].some(({ high }) => high > 0n);
    await until(published, { what: 'the finding on its topic' });
  });
});

describe('the command line', () => {
  it('works as the operator', async () => {
    const producer = await createProducer(world.arena);
    onTestFinished(() => producer.close());
    const { partition, offset } = await producer.sendRaw({
      partition: 3,
      key: Buffer.from('nobody'),
      value: Buffer.from('no command'),
      headers: {},
    });
    await world.arena.quiesce();
    const all = await Promise.all(
      [
        ['lag', '--json'],
        ['peek', EVENTS],
        ['reconcile', '--json'],
        ['recover', 'status'],
        ['dlq', 'redrive', `${partition}-${offset}`, '--force'],
        ['replay', '--group', 'orders-another-team', '--from', 'earliest'],
      ].map(async (args) => ({ args, ...(await orderstream('operator', ...args)) })),
    );
    for (const { args, code, stdout, stderr } of all)
      expect(code, `${args.join(' ')}: ${stderr}\n${stdout}`).toBe(0);
  });
});

describe('a principal is refused operations without a right', () => {
  it.each(principals)('$name', async ({ name, reads, writes, joins, watches, transactionalIds, onAll }) => {
    const may = await openAttempts({ ...kafka.envOf(name), KAFKA_TOPIC_PREFIX: topicPrefix });
    onTestFinished(() => may.close());
    for (const { name: topic } of topicCatalogue) {
      const listed = {
        topic,
        read: reads.includes(topic) || onAll.includes('READ'),
        write: writes.includes(topic),
      };
      expect({ topic, read: await may.read(topic), write: await may.write(topic) }).toEqual(listed);
    }
    for (const group of Object.values(GROUPS)) {
      const commit = joins.includes(group) || onAll.includes('READ');
      const describes = commit || watches.includes(group) || onAll.includes('DESCRIBE');
      expect({ group, commit: await may.commit(group), describes: await may.describeGroup(group) }).toEqual({
        group,
        commit,
        describes,
      });
    }
    expect(await may.transaction(`${GROUPS.projector}-0`)).toBe(transactionalIds !== null);
    expect(await may.createTopic()).toBe(onAll.includes('CREATE'));
    expect(await may.deleteTopic(EVENTS)).toBe(false);
  });
});

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  createDeliveryStore,
  type DeliveryStore,
  redeliveredMax,
} from '../../../services/ingestion/application/webhooks/delivery-store.ts';
import {
  createWebhookStore,
  endpointsPerCustomerMax,
  type WebhookStore,
} from '../../../services/ingestion/application/webhooks/webhook-store.ts';
import { orderIdOf } from '../../../services/notification/testing/events.ts';
import { createMysql, type Mysql, uuidToBytes } from '../../../services/shared/mysql/index.ts';
import { createSecretBox, makeKey } from '../../../services/shared/secrets/index.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { useDatabase } from '../../support/servers/stack.ts';

/** The statements of the webhook routes, on the tables that notification uses. */
const database = useDatabase('ingestion-webhooks');
let mysql: Mysql;
let webhooks: WebhookStore;
let deliveries: DeliveryStore;
const secrets = createSecretBox([makeKey('k1')]);

beforeAll(() => {
  mysql = createMysql({ url: database().url, log: quietLog });
  webhooks = createWebhookStore({ db: mysql.pool, secrets, instanceId: 'ingestion-test' });
  deliveries = createDeliveryStore(mysql.pool);
});
afterAll(() => mysql.close());
beforeEach(async () => {
  await mysql.pool.write('DELETE FROM notification_deliveries');
  await mysql.pool.write('DELETE FROM webhook_endpoints');
});

const newEndpoint = (endpointId: string, customerId: string, secret = 'whsec_a') => ({
  endpointId,
  customerId,
  url: 'https://shop.example.com/',
  eventTypes: null,
  description: null,
  secret,
  traceId: null,
});

const changeOf = (customerId: string, endpointId: string) => ({ customerId, endpointId, traceId: null });

async function addDeliveries(
  endpointId: string,
  count: number,
  more: { status?: string; leasedUntilMs?: number } = {},
) {
  const { status = 'FAILED', leasedUntilMs = 0 } = more;
  for (let from = 0; from < count; from += 2_000) {
    const rows = Array.from({ length: Math.min(2_000, count - from) }, (_, i) => from + i);
    await mysql.pool.write(
      `INSERT INTO notification_deliveries (event_id, endpoint_id, order_id, order_version, event_type, status, attempts,
         due_at_ms, leased_until_ms, last_status, last_error, payload, created_at_ms)
       VALUES ${rows.map(() => "(?, ?, ?, 1, 'order.accepted', ?, 9, 5, ?, 500, 'answered 500', '{}', ?)").join(', ')}`,
      // Three deliveries have each millisecond, as in a batch.
      rows.flatMap((n) => [
        `${status}-${n}`,
        endpointId,
        uuidToBytes(orderIdOf(n)),
        status,
        leasedUntilMs,
        1_000 + Math.floor(n / 3),
      ]),
    );
  }
}

const columnOf = async (column: string, endpointId: string) =>
  (
    await mysql.pool.rows<{ value: unknown }>(
      `SELECT ${column} AS value FROM notification_deliveries WHERE endpoint_id = ? ORDER BY delivery_id`,
      [endpointId],
    )
  ).map(({ value }) => value);

it('keeps customers apart in every statement', async () => {
  await webhooks.create(newEndpoint('e1', 'c1'), 1);
  await addDeliveries('e1', 1);
  const [deliveryId] = (await columnOf('delivery_id', 'e1')) as number[];
  expect(await webhooks.list('c2')).toEqual([]);
  expect(await webhooks.find('c2', 'e1')).toBeNull();
  expect(await webhooks.rotate(changeOf('c2', 'e1'), { secret: 'whsec_x', previousUntilMs: 9 }, 2)).toBe(
    false,
  );
  expect(await webhooks.enable(changeOf('c2', 'e1'), 2)).toBe(false);
  expect(await webhooks.delete(changeOf('c2', 'e1'), 2)).toBe(false);
  expect(await deliveries.find('c2', deliveryId!)).toBeNull();
  expect(await deliveries.find('c1', deliveryId!)).toMatchObject({ lastStatus: 500, isEnabled: true });
  expect(await webhooks.list('c1')).toHaveLength(1);
});

it('creates no more endpoints than a customer may have', async () => {
  for (let n = 0; n < endpointsPerCustomerMax; n += 1) await webhooks.create(newEndpoint(`e${n}`, 'c1'), 1);
  expect(await webhooks.create(newEndpoint('one-more', 'c1'), 1)).toBeNull();
  expect(await webhooks.create(newEndpoint('another', 'c2'), 1)).not.toBeNull();
});

it('lets the previous secret still sign, and shows every change to readers of the table', async () => {
  const stamp = async () =>
    (await mysql.pool.rows<{ at: number }>('SELECT MAX(updated_at_ms) AS at FROM webhook_endpoints'))[0]!.at;
  await webhooks.create(newEndpoint('e1', 'c1', 'whsec_a'), 100);
  await webhooks.create(newEndpoint('e2', 'c1'), 100);
  expect(await stamp()).toBe(101);
  // The clock of this writer is behind the clock of the last writer.
  await webhooks.rotate(changeOf('c1', 'e1'), { secret: 'whsec_b', previousUntilMs: 900 }, 50);
  expect(await stamp()).toBe(102);
  const [row] = await mysql.pool.rows(
    "SELECT secret, previous_secret, previous_until_ms FROM webhook_endpoints WHERE endpoint_id = 'e1'",
  );
  const owner = changeOf('c1', 'e1');
  expect(row).toMatchObject({ previous_until_ms: 900 });
  expect(secrets.open(row!['secret'] as string, owner)).toBe('whsec_b');
  expect(secrets.open(row!['previous_secret'] as string, owner)).toBe('whsec_a');
  await mysql.pool.write(
    "UPDATE webhook_endpoints SET status = 'DISABLED', disabled_reason = 'gone' WHERE endpoint_id = 'e1'",
  );
  expect(await webhooks.find('c1', 'e1')).toMatchObject({ isEnabled: false, disabledReason: 'gone' });
  await webhooks.enable(changeOf('c1', 'e1'), 50);
  expect(await stamp()).toBe(103);
  expect(await webhooks.find('c1', 'e1')).toMatchObject({ isEnabled: true, disabledReason: null });
});

it('pages through the deliveries of one endpoint, newest first, without gap or repeat', async () => {
  await addDeliveries('e1', 20);
  await addDeliveries('e2', 5);
  await addDeliveries('e1', 4, { status: 'DELIVERED' });
  const pagesOf = async (status: 'FAILED' | null) => {
    const seen: number[] = [];
    for (let before = null; ; ) {
      const page = await deliveries.list({ endpointId: 'e1', status, limit: 7, before });
      seen.push(...page.map(({ deliveryId }) => deliveryId));
      before = (page.at(-1) ?? null) as never;
      if (before === null) return seen;
    }
  };
  const all = (
    await mysql.pool.rows<{ delivery_id: number }>(
      "SELECT delivery_id FROM notification_deliveries WHERE endpoint_id = 'e1' ORDER BY created_at_ms DESC, delivery_id DESC",
    )
  ).map((row) => row.delivery_id);
  expect(await pagesOf(null)).toEqual(all);
  expect(await pagesOf('FAILED')).toHaveLength(20);
});

it('makes one delivery due again, and voids its lease', async () => {
  await addDeliveries('e1', 2, { status: 'PENDING', leasedUntilMs: 9_999 });
  const [deliveryId] = (await columnOf('delivery_id', 'e1')) as number[];
  await deliveries.redeliver(deliveryId!, 50);
  expect(await columnOf("CONCAT_WS('/', status, attempts, due_at_ms, leased_until_ms)", 'e1')).toEqual([
    'PENDING/0/50/0',
    'PENDING/9/5/9999',
  ]);
});

it('makes a time range due again, a bounded number at a time, and skips deliveries in flight', async () => {
  const extra = 500;
  await addDeliveries('e1', redeliveredMax + extra);
  await addDeliveries('e2', 3);
  await addDeliveries('e1', 3, { status: 'PENDING', leasedUntilMs: 9_999 });
  const range = { endpointId: 'e1', fromMs: 1_000, toMs: 1_000_000 };
  const first = await deliveries.redeliverRange({ ...range, after: null }, 50);
  expect(first.next).not.toBeNull();
  const second = await deliveries.redeliverRange({ ...range, after: first.next }, 50);
  expect(second.next).toBeNull();
  expect(first.count + second.count).toBe(redeliveredMax + extra);
  const due = await columnOf("due_at_ms = 50 AND status = 'PENDING' AND attempts = 0", 'e1');
  expect(due.filter((is) => is === 1)).toHaveLength(redeliveredMax + extra);
  expect(await columnOf('status', 'e2')).toEqual(['FAILED', 'FAILED', 'FAILED']);
});

it('takes only the deliveries inside the range', async () => {
  await addDeliveries('e1', 9);
  const { count } = await deliveries.redeliverRange(
    { endpointId: 'e1', fromMs: 1_001, toMs: 1_002, after: null },
    50,
  );
  expect(count).toBe(3);
  expect(await columnOf('status', 'e1')).toEqual([
    ...['FAILED', 'FAILED', 'FAILED'],
    ...['PENDING', 'PENDING', 'PENDING'],
    ...['FAILED', 'FAILED', 'FAILED'],
  ]);
});

it('writes every change to the audit log, in the transaction that makes it', async () => {
  await mysql.pool.write('DELETE FROM audit_log');
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const secretUrl = { ...newEndpoint('we_1', 'c1'), url: 'https://shop.example.com/in?token=t0ken', traceId };
  await webhooks.create(secretUrl, 10);
  const change = { ...changeOf('c1', 'we_1'), traceId };
  await webhooks.rotate(change, { secret: 'whsec_b', previousUntilMs: 900 }, 20);
  await webhooks.enable(change, 30);
  await webhooks.update(change, { url: secretUrl.url, description: 'mine' }, null, 35);
  await webhooks.delete(change, 40);
  // No row changes, so the audit log gets no row.
  await webhooks.delete(change, 50);
  const rows = await mysql.pool.rows<Record<string, unknown>>('SELECT * FROM audit_log ORDER BY audit_id');
  expect(rows.map(({ action, at_ms: at, details }) => [action, at, details])).toEqual([
    ['endpoint.created', 10, '{"url":"https://shop.example.com/in","eventTypes":null}'],
    ['secret.rotated', 20, '{"previousUntilMs":900}'],
    ['endpoint.enabled', 30, '{}'],
    ['endpoint.updated', 35, '{"url":"https://shop.example.com/in","description":"changed"}'],
    ['endpoint.deleted', 40, '{}'],
  ]);
  for (const row of rows)
    expect(row).toMatchObject({
      actor_kind: 'CUSTOMER',
      actor: 'c1',
      origin: 'ingestion-test',
      subject: 'endpoint:we_1',
      trace_id: traceId,
    });
});

it('changes an endpoint only at the version that the change names', async () => {
  await webhooks.create(newEndpoint('e1', 'c1'), 100);
  const change = changeOf('c1', 'e1');
  const before = (await webhooks.find('c1', 'e1'))!;
  const url = 'https://shop.example.com/new';
  const update = { url, eventTypes: ['order.shipped'], description: 'Warehouse', status: 'PAUSED' } as const;
  expect(await webhooks.update(changeOf('c2', 'e1'), update, null, 200)).toBe(false);
  expect(await webhooks.update(change, update, before.updatedAtMs, 200)).toBe(true);
  const paused = await webhooks.find('c1', 'e1');
  expect(paused).toMatchObject({
    ...{ url, eventTypes: ['order.shipped'], description: 'Warehouse' },
    ...{ isEnabled: true, pausedAtMs: 200, updatedAtMs: 200 },
  });
  expect(await webhooks.update(change, { status: 'ENABLED' }, before.updatedAtMs, 300)).toBe(false);
  expect(await webhooks.find('c1', 'e1')).toEqual(paused);
  await webhooks.update(change, { status: 'DISABLED', eventTypes: null, description: null }, null, 300);
  expect(await webhooks.find('c1', 'e1')).toMatchObject({
    ...{ isEnabled: false, pausedAtMs: null, disabledReason: 'disabled by its owner' },
    ...{ url, eventTypes: null, description: null },
  });
  await webhooks.update(change, { status: 'PAUSED' }, null, 400);
  await webhooks.enable(change, 500);
  expect(await webhooks.find('c1', 'e1')).toMatchObject({ isEnabled: true, pausedAtMs: null });
});

it('stores one test event of an endpoint per period', async () => {
  const test = await deliveries.sendTest('e1', 10_000);
  expect(test).toMatchObject({
    status: 'PENDING',
    eventType: 'endpoint.test',
    orderVersion: 0,
    dueAtMs: 10_000,
  });
  expect(JSON.parse(test!.payload)).toMatchObject({
    type: 'endpoint.test',
    data: { endpointId: 'e1', isTest: true },
  });
  expect(await deliveries.sendTest('e1', 14_999)).toBeNull();
  expect(await deliveries.sendTest('e2', 14_999)).not.toBeNull();
  expect(await deliveries.sendTest('e1', 15_000)).not.toBeNull();
  expect(await columnOf('created_at_ms', 'e1')).toEqual([10_000, 15_000]);
});

it('stores no secret in clear text', async () => {
  await webhooks.create(newEndpoint('e1', 'c1', 'whsec_a'), 1);
  await webhooks.rotate(changeOf('c1', 'e1'), { secret: 'whsec_b', previousUntilMs: 9 }, 2);
  const dump = JSON.stringify(await mysql.pool.rows('SELECT * FROM webhook_endpoints'));
  expect(dump).toContain('enc:v1:k1:');
  expect(dump).not.toContain('whsec_');
});

it('changes nothing if the audit log cannot be written', async () => {
  await mysql.pool.write('RENAME TABLE audit_log TO audit_log_away');
  try {
    await expect(webhooks.create(newEndpoint('we_2', 'c1'), 10)).rejects.toMatchObject({
      code: 'MYSQL_SCHEMA',
    });
  } finally {
    await mysql.pool.write('RENAME TABLE audit_log_away TO audit_log');
  }
  expect(await webhooks.list('c1')).toEqual([]);
});

it('creates the allowed number of two hundred concurrent endpoints, over two instances', async () => {
  const customerId = 'crowd';
  const stores = ['first', 'second'].map((instanceId) =>
    createWebhookStore({ db: mysql.pool, secrets, instanceId }),
  );
  const made = await Promise.all(
    Array.from({ length: 200 }, (_, n) => stores[n % 2]!.create(newEndpoint(`e${n}`, customerId), n)),
  );
  expect(made.filter((endpoint) => endpoint !== null)).toHaveLength(endpointsPerCustomerMax);
  expect(await stores[0]!.list(customerId)).toHaveLength(endpointsPerCustomerMax);
});

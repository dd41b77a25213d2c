/**
 * A server is down. Projector, notification and reconciliation report it to operators, and continue by
 * themselves when the server is back. No decision is missed.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fields as notificationFields } from '../../../services/notification/config.ts';
import { startNotification } from '../../../services/notification/service.ts';
import { type Receiver, startReceiver } from '../../../services/notification/testing/receiver.ts';
import { fields as projectorFields } from '../../../services/projector/config.ts';
import { startProjector } from '../../../services/projector/service.ts';
import { fields as reconciliationFields } from '../../../services/reconciliation/config.ts';
import { startReconciliation } from '../../../services/reconciliation/service.ts';
import type { Fields } from '../../../services/shared/config/index.ts';
import type { Running, ServiceContext } from '../../../services/shared/lifecycle/index.ts';
import { EVENTS, GROUPS } from '../../../topics/index.ts';
import { type Outage, startOutage } from '../../support/faults/outage.ts';
import { makeWorld } from '../../support/order-world/order-world.ts';
import { type Planting, startPlanting } from '../../support/order-world/planting.ts';
import { type ReconciledWorld, reconcileWorld } from '../../support/order-world/reconciled-world.ts';
import { type Started, startInProcess } from '../../support/records/subscribers.ts';
import { until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('ways-back-subscribers');
const backWithinMs = 30_000;
let one: ReconciledWorld;
let planting: Planting;
let outage: Outage;
let receiver: Receiver;
let projector: Started;
let notification: Started;
let reconciliation: Started;

beforeAll(async () => {
  one = await reconcileWorld(makeWorld(), { prefix });
  await one.service.stop();
  planting = await startPlanting(one);
  receiver = await startReceiver();
  await one.db.query(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, created_at_ms, updated_at_ms)
     VALUES ('all', '*', ?, ?, 1, 1)`,
    [receiver.url, `whsec_${Buffer.alloc(24, 1).toString('base64')}`],
  );
  outage = await startOutage();
  projector = await start(projectorFields, startProjector, 'projector');
  notification = await start(notificationFields, startNotification, 'notification');
  reconciliation = await start(reconciliationFields, startReconciliation, 'reconciliation');
  await wentOn();
}, 120_000);

afterAll(async () => {
  outage?.kafka.heal();
  outage?.mysql.heal();
  for (const each of [projector, notification, reconciliation]) await each?.stop();
  await outage?.close();
  await receiver?.close();
  await one?.close();
});

function start<F extends Fields>(
  fields: F,
  service: (context: ServiceContext<F>) => Promise<Running>,
  name: string,
): Promise<Started> {
  const env = {
    ...outage.behind(one.env),
    INSTANCE_ID: name,
    RECONCILE_EVERY: '200ms',
    KAFKA_SILENCE_MAX: '4s',
    WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1',
  };
  return outage.run(() => startInProcess(fields, env, service));
}

async function countOf(service: Started, metric: RegExp): Promise<number> {
  return Number(metric.exec(await service.metrics.text())?.[1] ?? 0);
}

/** Waits until the three services report that they wait, and why. */
async function reported(
  reasons: Record<'projector' | 'reconciliation', string> & { notification?: string },
): Promise<void> {
  const says = (service: Started, reason: string) =>
    until(() => service.problems().some((problem) => problem.includes(reason)), {
      what: `readiness naming ${reason}`,
      deadlineMs: 60_000,
    }).catch((cause: unknown) => {
      throw new Error(`problems: ${service.problems().join(' | ')}`, { cause });
    });
  await Promise.all([
    says(projector, reasons.projector),
    says(reconciliation, reasons.reconciliation),
    reasons.notification !== undefined
      ? says(notification, reasons.notification)
      : until(async () => (await countOf(notification, /waiting_seconds\{[^}]*intake[^}]*\} ([\d.]+)/)) > 0, {
          what: 'the metric of notification',
          deadlineMs: 60_000,
        }),
  ]);
}

/**
 * Checks that the outcomes of the outage are delivered and in the snapshot. Damage is found, and no problem
 * is reported any more.
 */
async function wentOn(): Promise<void> {
  const orderId = await planting.reject(8);
  await until(() => receiver.received.some(({ body }) => body.includes(orderId)), {
    what: 'the webhook',
    deadlineMs: backWithinMs,
  });
  const behind = async () => {
    const offsets = await one.kafka.admin.groupOffsets(GROUPS.projector, EVENTS);
    const ends = await one.kafka.admin.endOffsets(EVENTS);
    return [...ends].filter(([partition, { high }]) => (offsets.get(partition) ?? 0n) < high);
  };
  await until(async () => (await behind()).length === 0, {
    what: 'the states covering every outcome',
    deadlineMs: backWithinMs,
  });
  const stockDiffers = async () => (await one.open()).includes('STOCK_DIFFERS A-1');
  await one.db.query('UPDATE stock SET available = available + 1');
  await until(stockDiffers, { what: 'the damage being found', deadlineMs: backWithinMs });
  await one.db.query('UPDATE stock SET available = available - 1');
  await until(async () => !(await stockDiffers()), { what: 'the finding being closed' });
  const problems = () => [projector, notification, reconciliation].flatMap((each) => each.problems());
  await until(() => problems().length === 0, { what: 'readiness of all', deadlineMs: backWithinMs });
  for (const each of [projector, notification, reconciliation]) expect(each.failure()).toBeNull();
}

test('the registry, when an outcome has a schema id that is not known yet', async () => {
  outage.registry.cut();
  const order = planting.order();
  const offset = await planting.decide(order.partition, null);
  const value = one.kafka.codecs.events.encode({
    ...planting.outcomeOf(order),
    eventId: `${order.partition}-${offset}`,
    sourcePartition: order.partition,
    sourceOffset: offset,
    prevSourceOffset: offset - 1,
    outcome: 'REFUSED',
    type: 'command.refused',
  });
  value.writeUInt32BE(999_999, 1);
  await planting.raw(EVENTS, order.partition, value, { ce_id: `${order.partition}-${offset}` });
  await reported({ projector: 'schema registry', reconciliation: 'schema registry' });
  outage.registry.heal();
  await wentOn();
  expect(await countOf(projector, /events_total\{result="undecodable"[^}]*\} (\d+)/)).toBe(0);
  expect(await countOf(notification, /events_total\{result="undecodable"[^}]*\} (\d+)/)).toBe(0);
}, 120_000);

test('the database: the active reconciler loses its lock, ends, and continues after its restart', async () => {
  outage.mysql.cut();
  await planting.change(planting.order(), 'PAID', Date.now());
  await until(() => reconciliation.failure() !== null, { what: 'the end of the active reconciler' });
  await reconciliation.stop();
  reconciliation = await start(reconciliationFields, startReconciliation, 'reconciliation');
  await reported({ projector: 'partitions wait', reconciliation: 'the lock cannot be requested' });
  outage.mysql.heal();
  await wentOn();
}, 120_000);

test('the brokers', async () => {
  outage.kafka.freeze();
  await planting.reject(3);
  const reason = 'consumer group';
  await reported({ projector: reason, notification: reason, reconciliation: reason });
  outage.kafka.heal();
  await wentOn();
}, 180_000);

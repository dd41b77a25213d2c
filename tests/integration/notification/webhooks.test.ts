import type { RowDataPacket } from 'mysql2/promise';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OrderEvent } from '../../../schemas/index.ts';
import { createDeliveryStore } from '../../../services/ingestion/application/webhooks/delivery-store.ts';
import { eventOf } from '../../../services/notification/testing/events.ts';
import {
  answerStatus,
  type Receiver,
  startReceiver,
} from '../../../services/notification/testing/receiver.ts';
import { createMysql } from '../../../services/shared/mysql/index.ts';
import { startMailSink } from '../../../stack/index.ts';
import { EVENTS, GROUPS, PARTITIONS } from '../../../topics/index.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { type NotificationWorld, openNotificationWorld } from '../../support/records/notification-world.ts';
import type { Started } from '../../support/records/subscribers.ts';
import { until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('notification');
const prefix = useTopicPrefix('notification');
const secret = `whsec_${Buffer.alloc(24, 5).toString('base64')}`;

let world: NotificationWorld;
let receiver: Receiver;
const running: Started[] = [];
/**
 * Next source offset of every partition. The tests share the topics, and each continues at the end of the
 * previous one.
 */
const next = Array<number>(PARTITIONS).fill(0);

beforeAll(async () => {
  world = await openNotificationWorld(prefix, database().url);
});
afterAll(async () => {
  await world.close();
});
beforeEach(async () => {
  receiver = await startReceiver();
  await world.db.query('DELETE FROM webhook_endpoints');
  await world.db.query('DELETE FROM notification_deliveries');
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  await receiver.close();
});

async function start(more: Record<string, string> = {}): Promise<Started> {
  const started = await world.start({
    INSTANCE_ID: `n${running.length}`,
    ENDPOINTS_REFRESH: '50ms',
    ...more,
  });
  running.push(started);
  return started;
}

async function addEndpoint(
  id: string,
  customerId: string,
  eventTypes: string[] | null = null,
): Promise<void> {
  const at = Date.now();
  await world.db.query(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, event_types, secret, created_at_ms, updated_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [id, customerId, `${receiver.url}/${id}`, eventTypes && JSON.stringify(eventTypes), secret, at, at],
  );
}

/** Produces this many outcomes in each partition, alternating between two customers. */
function moreEvents(perPartition: number, different: Partial<OrderEvent> = {}): OrderEvent[] {
  return next.flatMap((first, partition) => {
    next[partition] = first + perPartition;
    return Array.from({ length: perPartition }, (_, i) =>
      eventOf(partition, first + i, {
        customerId: i % 2 === 0 ? 'c1' : 'c2',
        occurredAt: Date.now(),
        ...different,
      }),
    );
  });
}

async function rows(sql: string): Promise<RowDataPacket[]> {
  const [found] = await world.db.query<RowDataPacket[]>(sql);
  return found;
}
const countOf = async (where: string): Promise<number> =>
  Number((await rows(`SELECT COUNT(*) AS n FROM notification_deliveries WHERE ${where}`))[0]!.n);

describe('webhooks', () => {
  it('sends each customer its events once, signed, and operators all of them', async () => {
    await addEndpoint('own', 'c1');
    await addEndpoint('all', '*');
    await addEndpoint('filtered', 'c2', ['order.shipped']);
    const notification = await start();
    const events = moreEvents(20);
    await world.produceEvents(events);
    const expected = events.length + events.length / 2;
    await until(async () => (await countOf("status = 'DELIVERED'")) === expected, { what: 'every delivery' });
    for (const { headers, body } of receiver.received) new Webhook(secret).verify(body, headers);
    expect(receiver.received).toHaveLength(expected);
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids)).toEqual(new Set(events.map((event) => event.eventId)));
    expect(await countOf("endpoint_id = 'filtered'")).toBe(0);
    expect(notification.failure()).toBeNull();
  });

  it('writes no second row when the log is read again from its beginning', async () => {
    await addEndpoint('own', 'c1');
    await (await start()).stop();
    running.pop();
    const events = moreEvents(4);
    await world.produceEvents(events);
    await start();
    await until(async () => (await countOf("status = 'DELIVERED'")) === events.length / 2, {
      what: 'first delivery',
    });
    await running.pop()!.stop();
    const beginning = new Map(next.map((_, partition) => [partition, 0n]));
    await world.admin.setGroupOffsets(GROUPS.notification, EVENTS, beginning);
    const count = receiver.received.length;
    await start();
    const more = moreEvents(2);
    await world.produceEvents([...events, ...more]);
    await until(async () => (await countOf("status = 'DELIVERED'")) === events.length / 2 + more.length / 2, {
      what: 'the delivery of what is new',
    });
    expect(receiver.received).toHaveLength(count + more.length / 2);
  });

  it('shares the work of several instances without a second row or a second post', async () => {
    await addEndpoint('all', '*');
    await start();
    const first = moreEvents(30);
    await world.produceEvents(first);
    await start();
    const second = moreEvents(30);
    await world.produceEvents(second);
    const expected = first.length + second.length;
    await until(async () => (await countOf("status = 'DELIVERED'")) === expected, {
      what: 'every delivery',
      deadlineMs: 40_000,
    });
    expect(receiver.received).toHaveLength(expected);
    expect(running.map((one) => one.failure())).toEqual([null, null]);
  });

  it('retries on schedule, with the same id, and then disables the endpoint', async () => {
    receiver.answerWith(answerStatus(500));
    await addEndpoint('own', 'c1');
    await start({ WEBHOOK_RETRY_DELAYS: '0s,50ms,100ms' });
    await world.produceEvents(moreEvents(1).slice(0, 1));
    await until(
      async () => (await countOf("status = 'FAILED' AND attempts = 3 AND last_status = 500")) === 1,
      {
        what: 'the last try',
      },
    );
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
    // Its row is written first, then the endpoint.
    const [endpoint] = await until(
      async () => {
        const found = await rows('SELECT status, disabled_reason FROM webhook_endpoints');
        return found[0]?.['status'] === 'DISABLED' ? found : null;
      },
      { what: 'the endpoint being disabled' },
    );
    expect(endpoint).toMatchObject({ disabled_reason: 'exhausted: answered 500' });
  });

  it('keeps the versions of one order in order after a failing one', async () => {
    await addEndpoint('own', 'c1');
    const [placed, ...rest] = moreEvents(1, { customerId: 'c1' });
    await world.produceEvents(rest);
    const partition = placed!.sourcePartition;
    const offset = next[partition]!;
    next[partition] = offset + 1;
    const shipped = eventOf(partition, offset, {
      orderId: placed!.orderId,
      version: 2,
      type: 'order.cancelled',
    });
    let failures = 2;
    receiver.answerWith((one, response) => {
      const fail = one.body.includes(placed!.orderId!) && failures-- > 0;
      response.writeHead(fail ? 500 : 200).end();
    });
    await start({ WEBHOOK_RETRY_DELAYS: '0s,300ms,300ms,300ms' });
    await world.produceEvents([placed!, shipped]);
    await until(async () => (await countOf("status = 'DELIVERED'")) === PARTITIONS + 1, {
      what: 'every delivery',
    });
    const versions = receiver.received
      .filter(({ body }) => body.includes(placed!.orderId!))
      .map(({ body }) => JSON.parse(body).data.version);
    expect(versions).toEqual([1, 1, 1, 2]);
  });

  it('records the events of a paused endpoint, and sends them in order when it is resumed', async () => {
    const setPaused = (pausedAtMs: number | null) =>
      world.db.query(
        'UPDATE webhook_endpoints SET paused_at_ms = ?, updated_at_ms = ? WHERE endpoint_id = ?',
        [pausedAtMs, Date.now() + 10_000, 'own'],
      );
    await addEndpoint('own', 'c1');
    await addEndpoint('other', 'c1');
    await setPaused(1);
    await start();
    const events = moreEvents(1);
    await world.produceEvents(events);
    await until(async () => (await countOf("status = 'DELIVERED'")) === events.length, {
      what: 'the posts to the other endpoint',
    });
    expect(receiver.received).toHaveLength(events.length);
    expect(await countOf("endpoint_id = 'own' AND status = 'PENDING' AND attempts = 0")).toBe(events.length);
    await setPaused(null);
    await until(async () => (await countOf("status = 'DELIVERED'")) === 2 * events.length, {
      what: 'the posts to the resumed endpoint',
    });
  });

  it('tries a test event once, signed, and leaves the endpoint enabled', async () => {
    receiver.answerWith(answerStatus(500));
    await addEndpoint('own', 'c1', ['order.shipped']);
    await start();
    const mysql = createMysql({ url: database().url, log: quietLog });
    await createDeliveryStore(mysql.pool).sendTest('own', Date.now());
    await mysql.close();
    await until(async () => (await countOf("status = 'FAILED'")) === 1, { what: 'the failed test' });
    const [post] = receiver.received;
    new Webhook(secret).verify(post!.body, post!.headers);
    expect(JSON.parse(post!.body)).toMatchObject({ type: 'endpoint.test', data: { endpointId: 'own' } });
    expect(receiver.received).toHaveLength(1);
    expect(await rows('SELECT status FROM webhook_endpoints')).toEqual([{ status: 'ENABLED' }]);
  });

  it('disables an endpoint that answers 410, and holds its deliveries', async () => {
    receiver.answerWith(answerStatus(410));
    await addEndpoint('own', '*');
    await start({ HOST_CONCURRENCY: '1' });
    await world.produceEvents(moreEvents(2));
    await until(
      async () => (await countOf("status = 'HELD'")) > 0 && (await countOf("status = 'PENDING'")) === 0,
      {
        what: 'the rest being held',
      },
    );
    expect(receiver.received.length).toBeLessThan(6);
  });
});

describe('e-mail', () => {
  it('sends to the contact of the order, and sends nothing without a contact', async () => {
    const sink = await startMailSink();
    const [first, second, ...rest] = moreEvents(1);
    for (const [event, contact] of [
      [first!, '{"email":"c@example.org"}'],
      [second!, null],
    ] as const) {
      await world.db.query(
        `INSERT INTO orders (order_key, order_id, customer_id, status, version, currency, subtotal, discount, shipping, tax,
           total, price_version, idempotency_key, fingerprint, contact, created_at_ms, updated_at_ms)
         VALUES (?, ?, 'c1', 'PENDING_PAYMENT', 1, 'EUR', 0, 0, 0, 0, 0, 1, 'k', ?, ?, 0, 0)`,
        [
          event.sourcePartition * 2 ** 48 + event.sourceOffset,
          Buffer.from(event.orderId!.replaceAll('-', ''), 'hex'),
          Buffer.alloc(32),
          contact,
        ],
      );
    }
    await start({ SMTP_URL: sink.url, SMTP_FROM: 'orders@shop.example' });
    await world.produceEvents([first!, second!, ...rest]);
    await until(async () => (await countOf("status = 'DELIVERED'")) === 1, { what: 'the mail' });
    await until(async () => (await positionsPassed()) === PARTITIONS, { what: 'all events being stored' });
    expect(await countOf('1 = 1')).toBe(1);
    expect(sink.mails).toHaveLength(1);
    expect(sink.mails[0]).toContain('To: c@example.org');
    expect(await rows('SELECT payload FROM notification_deliveries')).not.toContain('c@example.org');
    await running.pop()!.stop();
    await sink.close();
  });
});

/** Partitions whose outcomes are stored up to the produced ones. */
async function positionsPassed(): Promise<number> {
  const positions = await rows('SELECT partition_id, last_source_offset FROM notification_positions');
  return positions.filter((row) => Number(row.last_source_offset) === next[Number(row.partition_id)]! - 1)
    .length;
}

/**
 * A greedy customer with each kind of webhook and mail load, and another customer beside it. The greedy load
 * lasts a minute. So the other customer is served in time only if it does not wait for this load.
 */
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventOf, orderIdOf } from '../../../services/notification/testing/events.ts';
import {
  type Answer,
  answerStatus,
  type Receiver,
  startReceiver,
} from '../../../services/notification/testing/receiver.ts';
import { type Smtp, startSmtp } from '../../../services/notification/testing/smtp.ts';
import { PARTITIONS } from '../../../topics/index.ts';
import { type NotificationWorld, openNotificationWorld } from '../../support/records/notification-world.ts';
import type { Started } from '../../support/records/subscribers.ts';
import { until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('notification-shares');
const prefix = useTopicPrefix('notification-shares');
const greedyEvents = 600;
const otherEvents = 24;
/**
 * This limit is far below the time of the greedy load. It is far above the time that the other customer needs
 * on a slow machine.
 */
const servedMs = 25_000;
let world: NotificationWorld;
let receiver: Receiver;
let smtp: Smtp;
let notification: Started;
/** The behaviour of receiver and relay for the greedy customer; set by each test. */
let greedyAnswer: Answer = answerStatus(200);
let takeRecipient: (socket: Socket) => void = () => undefined;
let next = 0;
/** Each test has its own greedy customer, so that one test does not affect the next. */
let greedy = '';
let tests = 0;

beforeAll(async () => {
  world = await openNotificationWorld(prefix, database().url);
  receiver = await startReceiver((received, response) =>
    received.body.includes(`"${greedy}"`)
      ? greedyAnswer(received, response)
      : answerStatus(200)(received, response),
  );
  smtp = await startSmtp({
    take(step, socket) {
      if (step !== 'RCPT' || !smtp.recipients.at(-1)!.includes(greedy)) return false;
      takeRecipient(socket);
      return true;
    },
  });
  notification = await world.start({
    WEBHOOK_TIMEOUT: '60s',
    HOST_REST: '60s',
    ENDPOINTS_REFRESH: '100ms',
    SMTP_URL: smtp.url,
    SMTP_FROM: 'orders@shop.example',
  });
});
afterAll(async () => {
  await receiver?.close();
  await smtp?.close();
  await notification?.stop();
  await world?.close();
});
beforeEach(() => {
  greedy = `greedy${++tests}`;
  receiver.received.length = 0;
  smtp.recipients.length = 0;
});
afterEach(async () => {
  await world.db.query("UPDATE notification_deliveries SET status = 'DROPPED' WHERE status = 'PENDING'");
  await world.db.query('DELETE FROM webhook_endpoints');
  // The next test recognises its own endpoints by their number.
  await known(0);
});

async function endpoints(customerId: string, urls: readonly string[]): Promise<void> {
  const now = Date.now();
  for (const [n, url] of urls.entries()) {
    await world.db.query(
      `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, created_at_ms, updated_at_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
      [
        `${customerId}-${now}-${n}`,
        customerId,
        url,
        `whsec_${Buffer.alloc(24, 1).toString('base64')}`,
        now,
        now,
      ],
    );
  }
}

/** The directory has loaded them. */
async function known(count: number): Promise<void> {
  await until(
    async () =>
      Number(/notification_endpoints\{[^}]*\} (\d+)/.exec(await notification.metrics.text())?.[1]) === count,
    { what: `${count} endpoints in the directory` },
  );
}

/** Outcomes of one customer, spread over the partitions; returns the ids of their orders. */
async function produce(customerId: string, count: number): Promise<string[]> {
  const from = next;
  next += Math.ceil(count / PARTITIONS);
  const events = Array.from({ length: count }, (_, n) => {
    const [partition, offset] = [n % PARTITIONS, from + Math.floor(n / PARTITIONS)];
    return eventOf(partition, offset, { customerId, orderId: orderIdOf(partition + PARTITIONS * offset) });
  });
  await world.produceEvents(events);
  return events.map(({ orderId }) => orderId!);
}

async function served(what: () => number): Promise<void> {
  await until(() => what() >= otherEvents, {
    what: 'the posts of the other customer',
    deadlineMs: servedMs,
  }).catch((cause: unknown) => {
    expect(what()).toBe(otherEvents);
    throw cause;
  });
}

const postsOfOther = (): number => receiver.received.filter(({ body }) => body.includes('"other"')).length;

describe('posts to one host', () => {
  it.each<[string, Answer]>([
    ['a receiver that hangs', () => undefined],
    [
      'a receiver that answers slowly',
      (_received, response) => void setTimeout(() => response.end(), 13_000),
    ],
    ['a receiver that fails', (_received, response) => void response.writeHead(500).end()],
    [
      'a receiver that asks for a pause',
      (_received, response) => void response.writeHead(503, { 'retry-after': '60' }).end(),
    ],
    ['a receiver that cuts the connection', (_received, response) => void response.socket?.resetAndDestroy()],
  ])('%s delays no other customer', async (_what, answer) => {
    greedyAnswer = answer;
    await endpoints(greedy, [receiver.url]);
    await endpoints('other', [receiver.url]);
    await known(2);
    await produce(greedy, greedyEvents);
    await until(() => receiver.received.length > 0, { what: 'the first post of the greedy customer' });
    await produce('other', otherEvents);
    await served(postsOfOther);
  });

  it('many endpoints on many hosts with refused addresses delay no other customer', async () => {
    const urls = Array.from({ length: 50 }, (_, n) => `https://10.0.0.${n + 1}/hook`);
    await endpoints(greedy, [...urls, ...Array(20).fill(receiver.url)]);
    greedyAnswer = () => undefined;
    await endpoints('other', [receiver.url]);
    await known(urls.length + 21);
    await produce(greedy, greedyEvents);
    await produce('other', otherEvents);
    await served(postsOfOther);
  });
});

describe('mails', () => {
  async function withContacts(
    customerId: string,
    count: number,
    contact: (n: number) => string,
  ): Promise<void> {
    const from = next;
    const ids = Array.from({ length: count }, (_, n) =>
      orderIdOf((n % PARTITIONS) + PARTITIONS * (from + Math.floor(n / PARTITIONS))),
    );
    const values = ids.map((id, n) => {
      const key = (n % PARTITIONS) * 2 ** 48 + from + Math.floor(n / PARTITIONS);
      const orderId = Buffer.from(id.replaceAll('-', ''), 'hex');
      const address = JSON.stringify({ email: contact(n) });
      return [
        key,
        orderId,
        customerId,
        'PENDING_PAYMENT',
        1,
        'EUR',
        0,
        0,
        0,
        0,
        0,
        1,
        'k',
        Buffer.alloc(32),
        address,
        0,
        0,
      ];
    });
    await world.db.query(
      `INSERT INTO orders (order_key, order_id, customer_id, status, version, currency, subtotal, discount, shipping, tax,
         total, price_version, idempotency_key, fingerprint, contact, created_at_ms, updated_at_ms) VALUES ?`,
      [values],
    );
    await produce(customerId, count);
  }

  const mailsOfOther = (): number => smtp.recipients.filter((path) => path.includes('other')).length;

  it.each<[string, (socket: Socket) => void]>([
    ['that are deferred', (socket) => void socket.write('450 later\r\n')],
    ['that the relay never answers', () => undefined],
    ['for which the relay closes the connection', (socket) => void socket.destroy()],
  ])('to recipients %s delay no mail of another customer', async (_what, take) => {
    takeRecipient = take;
    await withContacts(greedy, greedyEvents, (n) => `${greedy}.${n}@example.org`);
    await until(() => smtp.recipients.length > 0, { what: 'the first mail of the greedy customer' });
    await withContacts('other', otherEvents, (n) => `other${n}@example.org`);
    await served(mailsOfOther);
  });
});

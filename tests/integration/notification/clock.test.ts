/**
 * The wall clocks of two notification processes are two days apart. They share the deliveries as with correct
 * clocks.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRetention } from '../../../services/notification/retention.ts';
import { eventOf } from '../../../services/notification/testing/events.ts';
import { type Receiver, startReceiver } from '../../../services/notification/testing/receiver.ts';
import { createMetrics } from '../../../services/shared/metrics/index.ts';
import { createMysql, type Mysql, readNowMs } from '../../../services/shared/mysql/index.ts';
import { PARTITIONS } from '../../../topics/index.ts';
import { preloaded } from '../../support/preload/index.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { keepLine } from '../../support/records/kept-logs.ts';
import { openSubscriberWorld, type SubscriberWorld } from '../../support/records/subscribers.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('notification-clock');
const prefix = useTopicPrefix('notification-clock');
const dayMs = 86_400_000;
/** This time is shorter than the error of the clocks. */
const keepMs = dayMs / 2;
const rounds = 6;
/** Receivers answer after this time. Meanwhile the other process would send a stolen lease. */
const answerMs = 400;
const processes: Notification[] = [];
let world: SubscriberWorld;
let mysql: Mysql;
const receivers: Receiver[] = [];

interface Notification {
  child: ChildProcess;
  /** The value of the first series of the metric, with this label if one is given. */
  metric(name: string, label?: string): Promise<number>;
}

beforeAll(async () => {
  world = await openSubscriberWorld(prefix);
  mysql = createMysql({ url: database().url, log: quietLog });
  for (let n = 0; n < 4; n++) {
    const receiver = await startReceiver();
    receivers.push(receiver);
    await mysql.pool.write(
      `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, secret, created_at_ms, updated_at_ms)
       VALUES (?, '*', ?, ?, 1, 1)`,
      [`e${n}`, receiver.url, `whsec_${Buffer.alloc(24, 1).toString('base64')}`],
    );
  }
});
afterAll(async () => {
  for (const { child } of processes) child.kill('SIGKILL');
  for (const receiver of receivers) await receiver.close();
  await world.close();
  await mysql.close();
});

/** Resolves once the process is in its group. */
async function start(INSTANCE_ID: string, clockStartMs: number): Promise<Notification> {
  const stack = testStack();
  const child = spawn(process.execPath, ['services/notification/main.ts'], {
    env: {
      ...preloaded(['clock']),
      CLOCK_START_MS: String(clockStartMs),
      INSTANCE_ID,
      ADMIN_PORT: '0',
      KAFKA_BROKERS: stack.kafkaBrokers,
      KAFKA_TOPIC_PREFIX: prefix,
      SCHEMA_REGISTRY_URL: stack.schemaRegistryUrl,
      MYSQL_URL: database().url,
      LOG_LEVEL: 'info',
      WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1',
      WEBHOOK_RETRY_DELAYS: '0s,300ms,1s,1s,1s',
      DELIVERIES_KEEP: `${keepMs}ms`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: { msg: string; adminPort?: number }[] = [];
  createInterface(child.stdout).on('line', (line) => {
    keepLine(line);
    lines.push(JSON.parse(line) as { msg: string });
  });
  await until(() => lines.some(({ msg }) => msg === 'the consumer joined its group'), {
    what: `${INSTANCE_ID} joining its group`,
    deadlineMs: 60_000,
  });
  const port = lines.find(({ adminPort }) => adminPort !== undefined)!.adminPort!;
  const started = {
    child,
    async metric(name: string, label = '') {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const series = new RegExp(`_${name}\\{[^}]*${label}[^}]*\\} (\\S+)`);
      return Number(series.exec(text)?.[1] ?? Number.NaN);
    },
  };
  processes.push(started);
  return started;
}

interface Row {
  subject: string;
  status: string;
  attempts: number;
  created_at_ms: number;
  delivered_at_ms: number;
}

const readRows = (): Promise<Row[]> =>
  mysql.pool.rows<Row>(
    `SELECT CONCAT(event_id, '/', endpoint_id) AS subject, status, attempts, created_at_ms, delivered_at_ms
     FROM notification_deliveries ORDER BY subject`,
  );

/** Counts posts by delivery, and answers the first post of every third event with an error. */
function countPosts() {
  const posts = new Map<string, number>();
  const stampsMs: number[] = [];
  for (const [n, receiver] of receivers.entries()) {
    receiver.answerWith(({ headers }, response) => {
      const eventId = headers['webhook-id']!;
      const subject = `${eventId}/e${n}`;
      const count = (posts.get(subject) ?? 0) + 1;
      posts.set(subject, count);
      stampsMs.push(Number(headers['webhook-timestamp']) * 1_000);
      const status = count < triesOf(subject) ? 409 : 200;
      setTimeout(() => response.writeHead(status).end(), answerMs);
    });
  }
  return { posts, stampsMs };
}

const triesOf = (subject: string): number => (Number(/-(\d+)/.exec(subject)![1]) % 3 === 0 ? 2 : 1);

it('delivers with one clock a day ahead and one a day behind as with correct clocks', async () => {
  const startMs = await readNowMs(mysql.pool);
  const { posts, stampsMs } = countPosts();
  const both = [await start('ahead', dayMs), await start('behind', -dayMs)];
  for (let offset = 0; offset < rounds; offset++) {
    await world.produceEvents(
      Array.from({ length: PARTITIONS }, (_, partition) => eventOf(partition, offset)),
    );
  }
  const wanted = rounds * PARTITIONS * receivers.length;
  const isDone = async () => (await readRows()).filter((row) => row.status === 'DELIVERED').length === wanted;
  await until(isDone, { what: 'every delivery', deadlineMs: 60_000 });

  // Each delivery was posted once for each of its attempts, and each attempt was counted once.
  const rows = await readRows();
  const tries = rows.map(({ subject }) => [subject, triesOf(subject)]);
  expect([...posts].sort()).toEqual(tries.toSorted());
  expect(rows.map(({ subject, attempts }) => [subject, attempts])).toEqual(tries);

  // Every time comes from the database, also the time that receivers check.
  const endMs = await readNowMs(mysql.pool);
  const times = [...rows.flatMap((row) => [row.created_at_ms, row.delivered_at_ms]), ...stampsMs];
  expect(times.filter((atMs) => atMs < startMs - 1_000 || atMs > endMs + 1_000)).toEqual([]);

  await expectBothAtWork(both);
  await expectNothingOld();
}, 150_000);

/** Both processes stored and sent deliveries, and report the error of their clocks. */
async function expectBothAtWork(both: readonly Notification[]): Promise<void> {
  const aheadSeconds: number[] = [];
  for (const { metric } of both) {
    expect(await metric('notification_events_total', 'result="stored"')).toBeGreaterThan(0);
    expect(
      await metric('notification_attempts_total', 'channel="webhook",result="delivered"'),
    ).toBeGreaterThan(0);
    aheadSeconds.push(Math.round(await metric('clock_ahead_seconds')));
  }
  expect(aheadSeconds.map((seconds) => seconds / 86_400)).toEqual([
    expect.closeTo(1, 4),
    expect.closeTo(-1, 4),
  ]);
}

/** Retention finds no row that it may delete. */
async function expectNothingOld(): Promise<void> {
  const before = await readRows();
  await mysql.pool.write('UPDATE notification_retention SET deleted_before_ms = 0');
  const metrics = createMetrics({ service: 'test', defaults: false });
  const limits = { keepMs, everyMs: 20, chunkRows: 100, pauseMs: 1 };
  const retention = startRetention({ pool: mysql.pool, limits, log: quietLog, metrics });
  await until(() => metrics.text().then((text) => /notification_oldest_row_seconds\S* \d/.test(text)), {
    what: 'a pass over old deliveries',
  });
  await retention.stop();
  expect(await readRows()).toEqual(before);
}

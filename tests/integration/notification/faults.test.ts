import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventOf } from '../../../services/notification/testing/events.ts';
import { type Receiver, startReceiver } from '../../../services/notification/testing/receiver.ts';
import { sleep } from '../../../services/shared/retry/index.ts';
import { PARTITIONS } from '../../../topics/index.ts';
import {
  addEndpointForAll,
  type NotificationWorld,
  openNotificationWorld,
} from '../../support/records/notification-world.ts';
import { until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const database = useDatabase('notification-faults');
const prefix = useTopicPrefix('notification-faults');
/** The load produces a dozen outcomes each time. */
const roundMs = 200;
const children: ChildProcess[] = [];
let world: NotificationWorld;
let receiver: Receiver;
let load: Load | undefined;

beforeAll(async () => {
  world = await openNotificationWorld(prefix, database().url);
  receiver = await startReceiver();
  await addEndpointForAll(world.db, receiver.url);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await load?.stop();
  await receiver.close();
  await world.close();
});

function startProcess(): ChildProcess {
  const child = spawn(process.execPath, ['services/notification/main.ts'], {
    env: {
      ...world.env,
      LOG_LEVEL: 'error',
      WEBHOOK_TIMEOUT: '1s',
      WEBHOOK_RETRY_DELAYS: Array(20).fill('100ms').join(','),
      HOST_REST: '100ms',
    },
    stdio: 'ignore',
  });
  children.push(child);
  return child;
}

async function countOf(where: string): Promise<number> {
  const [rows] = await world.db.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS n FROM notification_deliveries WHERE ${where}`,
  );
  return Number(rows[0]!.n);
}

async function byStatus(): Promise<Record<string, number>> {
  const [rows] = await world.db.query<RowDataPacket[]>(
    'SELECT status, last_error, COUNT(*) AS n FROM notification_deliveries GROUP BY status, last_error',
  );
  return Object.fromEntries(
    rows.map((row) => [[row.status, row.last_error].filter(Boolean).join(': '), Number(row.n)]),
  );
}

/** Produces outcomes one after another in every partition until `stop`, which returns their total number. */
interface Load {
  produced(): number;
  stop(): Promise<number>;
}

function startLoad(): Load {
  const abort = new AbortController();
  let rounds = 0;
  const run = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      const offset = rounds;
      await world.produceEvents(
        Array.from({ length: PARTITIONS }, (_, partition) => eventOf(partition, offset)),
      );
      rounds += 1;
      await sleep(roundMs, abort.signal).catch(() => undefined);
    }
  };
  const running = run();
  return {
    produced: () => rounds * PARTITIONS,
    async stop() {
      abort.abort();
      await running;
      return rounds * PARTITIONS;
    },
  };
}

/**
 * Faults for every third post: an error, a reset, silence, or a pause. It may also accept the post and cut
 * the connection before or after the response.
 */
const misbehave: ((response: ServerResponse) => void)[] = [
  (response) => response.writeHead(500).end(),
  (response) => response.socket?.resetAndDestroy(),
  () => undefined,
  (response) => response.writeHead(429, { 'retry-after': '0' }).end(),
  (response) => {
    response.writeHead(200, { 'content-length': '100' }).write('tak');
    response.socket?.destroySoon();
  },
  (response) => response.writeHead(302, { location: receiver.url }).end(),
];

it('reaches a faulty receiver with every event under load, while senders are killed, frozen and joined', async () => {
  let posts = 0;
  /** The posts that a deduplicating receiver stores: the body of each webhook id. */
  const kept = new Map<string, string>();
  const torn: string[] = [];
  receiver.answerWith(({ headers, body }, response) => {
    const turn = ++posts;
    // The receiver stores the post in any case, because a receiver may do so before it resets the connection.
    const id = headers['webhook-id']!;
    if (kept.has(id) && kept.get(id) !== body) torn.push(id);
    kept.set(id, body);
    if (turn % 3 === 0) misbehave[(turn / 3) % misbehave.length]!(response);
    else response.writeHead(200).end();
  });

  const frozen = startProcess();
  const victim = startProcess();
  load = startLoad();
  await until(() => kept.size > 60, { what: 'the first deliveries', deadlineMs: 40_000 });

  frozen.kill('SIGSTOP');
  const before = load.produced();
  startProcess();
  // By then other members own the partitions, and their positions advance.
  await until(() => everyLaneAt(before / PARTITIONS), {
    what: 'others taking the partitions of the frozen one',
    deadlineMs: 60_000,
  });
  frozen.kill('SIGCONT');

  const atDeath = kept.size;
  victim.kill('SIGKILL');
  await once(victim, 'exit');
  startProcess();
  await until(() => kept.size > atDeath + 60, { what: 'deliveries going on', deadlineMs: 60_000 });

  const events = await load.stop();
  const isDone = async (): Promise<boolean> => (await countOf("status = 'DELIVERED'")) === events;
  await until(isDone, { what: 'every delivery', deadlineMs: 150_000 }).catch(async (cause: unknown) => {
    expect(await byStatus()).toEqual({ DELIVERED: events });
    throw cause;
  });
  expect(await countOf('1 = 1')).toBe(events);
  const ids = Array.from({ length: events }, (_, n) => `${n % PARTITIONS}-${Math.floor(n / PARTITIONS)}`);
  expect([...kept.keys()].sort()).toEqual(ids.sort());
  expect(torn).toEqual([]);
  expect(posts).toBeGreaterThan(events);
  for (const survivor of children.filter((child) => child !== victim)) {
    survivor.kill('SIGTERM');
    const [code] = (await once(survivor, 'exit')) as [number | null];
    expect(code).toBe(0);
  }
}, 400_000);

async function everyLaneAt(offset: number): Promise<boolean> {
  const [rows] = await world.db.query<RowDataPacket[]>(
    'SELECT COUNT(*) AS n FROM notification_positions WHERE last_source_offset >= ?',
    [offset],
  );
  return Number(rows[0]!.n) === PARTITIONS;
}

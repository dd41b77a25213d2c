/** Real observers on real servers: lanes with and without an owner, and groups that are behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { COMMANDS, GROUPS } from '../../../topics/index.ts';
import { newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { spawnService, type WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { until } from '../../support/servers/stack.ts';

const used = useArena('observer');
const root = path.resolve(import.meta.dirname, '../../..');
let observers: WorkerProcess[] = [];

beforeAll(async () => {
  const own = { ...used().arena.env, OBSERVE_EVERY: '100ms' };
  observers = await Promise.all(
    ['observer-1', 'observer-2'].map((INSTANCE_ID) => spawnService('observer', { ...own, INSTANCE_ID })),
  );
}, 60_000);
afterAll(() => Promise.all(observers.map((observer) => observer.kill())));

const sendOrders = async (partition: number, count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1)
    await used().producer.send(placeCommand(newOrderOf(partition), ['SKU-1']));
};

/** Waits until both observers have this value. */
const both = (name: string, labels: string, value: number): Promise<unknown> =>
  until(
    async () => {
      const seen = await Promise.all(observers.map((observer) => observer.metric(name, labels)));
      return seen.every((one) => one === value);
    },
    { what: `${name}{${labels}} being ${value}`, deadlineMs: 20_000, everyMs: 100 },
  );

it('measures lanes that no worker owns, from the timestamp of their oldest command', async () => {
  const beforeMs = Date.now();
  await sendOrders(3, 2);
  await both('lane_backlog', 'partition="3"', 2);
  await both('lane_backlog', 'partition="4"', 0);
  const oldest = await observers[0]!.metric('lane_lag_seconds', 'partition="3"');
  expect(oldest).toBeGreaterThan(0);
  expect(oldest).toBeLessThanOrEqual((Date.now() - beforeMs) / 1_000 + 0.1);
  expect(await observers[0]!.metric('lane_lag_seconds', 'partition="4"')).toBe(0);
  // It grows with the age of the record, although nothing else happens.
  await until(async () => (await observers[0]!.metric('lane_lag_seconds', 'partition="3"')) > oldest + 0.5, {
    what: 'the lag in seconds growing',
    deadlineMs: 20_000,
  });
});

it('the command line says the same, until it is interrupted', async () => {
  const child = spawn(process.execPath, ['cli/main.ts', 'lag', '--watch', '0.1', '--json'], {
    cwd: root,
    env: { ...process.env, ...used().arena.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: { flow: { backlog: number } | null; lanes: { lag: number; oldestAtMs: number | null }[] }[] =
    [];
  const ended = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(JSON.parse(line));
    if (lines.length === 2) child.kill('SIGINT');
  }
  expect(await ended).toEqual([0, null]);
  expect(lines[0]!.flow).toBeNull();
  expect(lines[1]!.flow).toMatchObject({ backlog: 2 });
  expect(lines[1]!.lanes[3]).toMatchObject({ lag: 2, oldestAtMs: expect.any(Number) });
});

it('answers how many workers the demand needs', async () => {
  const [first, second] = await Promise.all(
    observers.map(async (observer) => JSON.parse(await observer.ask('/scale/worker'))),
  );
  expect(first).toMatchObject({ workers: 2, because: 'minimum', backlog: 2, workerRate: 1_900 });
  expect(second.workers).toBe(first.workers);
  await both('observer_workers_wanted', '', 2);
});

it('sees a lane that stalls, and a group that follows again', async () => {
  await both('lane_stalled', 'partition="3"', 1);
  const worker = await used().arena.startWorker();
  await used().arena.quiesce();
  const ofWorkers = `group="${GROUPS.worker}",topic="${COMMANDS}"`;
  await both('observer_lanes_stalled', '', 0);
  await both('group_lag', ofWorkers, 0);
  await worker.stop();
  await sendOrders(5, 3);
  await both('group_lag', `${ofWorkers},partition="5"`, 3);
  await both('observer_lanes_with_work', '', 1);
  expect(await observers[1]!.metric('group_lag_seconds', `${ofWorkers},partition="5"`)).toBeGreaterThan(0);
  const problems = observers.flatMap(({ log }) =>
    log.filter(({ level }) => level === 'warn' || level === 'error'),
  );
  expect(problems).toEqual([]);
});

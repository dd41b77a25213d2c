/** The scheduler, wired: orders that are due in, commands out. */

import type { OrderCommand } from '../../schemas/index.ts';
import { COMMANDS } from '../../topics/index.ts';
import { startServerClock } from '../shared/clock/index.ts';
import { type Codec, loadCodecs } from '../shared/codec/index.ts';
import { commandMessage, startSend } from '../shared/command-log/index.ts';
import { type AppError, errorMessage } from '../shared/errors/index.ts';
import { type Accumulator, createAccumulator, createKafkaConfig } from '../shared/kafka/index.ts';
import { type Running, type ServiceContext, startWork } from '../shared/lifecycle/index.ts';
import { createMysql, type Pool, readNowMs } from '../shared/mysql/index.ts';
import type { fields } from './config.ts';
import { createLeases, type Leases } from './leases.ts';
import { createAdoption } from './timers/adoption.ts';
import { createBudget } from './timers/budget.ts';
import { readLateness } from './timers/due-orders.ts';
import { createScan, type Scan, type SendEnd } from './timers/scan.ts';
import { createSentCommands } from './timers/sent-commands.ts';
import { type DueOrder, timerCommand } from './timers/timer-kinds.ts';

type Context = ServiceContext<typeof fields>;

const poolSize = 4;
const produceDeadlineMs = 5_000;
const renewEveryMs = 3_000;
const measureEveryMs = 5_000;
const stopMs = 6_000;
const trouble = 'the scheduler cannot use the database';

/** Opens all parts in the order of their dependencies. `stop` closes them in reverse order. */
export async function startScheduler(context: Context): Promise<Running> {
  const { config, live, log, metrics, lifecycle } = context;
  const mysql = createMysql({ url: () => live.now.mysqlUrl, poolSize, log, metrics });
  const clock = startServerClock({ readNowMs: () => readNowMs(mysql.pool), log, metrics });
  await clock.measure();
  const { commands } = await loadCodecs({ registryUrl: config.schemaRegistryUrl, log });
  const accumulator = await createAccumulator({
    settings: createKafkaConfig(config, `scheduler-${config.instanceId}`),
    log,
    metrics,
    deadlineMs: produceDeadlineMs,
    topics: [COMMANDS],
  });
  const leases = createLeases({ pool: mysql.pool, instanceId: config.instanceId, nowMs: clock.nowMs });
  const send = createSend(context, accumulator, commands);
  const scan = openScan(context, { pool: mysql.pool, leases, send });
  const adoption = createAdoption({
    pool: mysql.pool,
    instanceId: config.instanceId,
    budget: createBudget(() => performance.now()),
    get ratePerSecond() {
      return live.now.ratePerSecond;
    },
    held: leases.held,
    onAdopted: (orders) => metrics.inc('scheduler_orders_adopted_total', {}, orders),
  });
  const work = [
    startWork({ what: 'the leases', turn: () => renew(context, leases), log, trouble }),
    startWork({ what: 'the due orders', turn: () => turnOf(context, scan), log, trouble }),
    startWork({ what: 'orders without a timer', turn: adoption.turn, log, trouble }),
    startWork({ what: 'the oldest due order', turn: () => measure(context, mysql.pool), log, trouble }),
  ];
  lifecycle.addReadiness('kafka', () => accumulator.isConnected() || 'the brokers do not respond');
  lifecycle.addReadiness(
    'work',
    () => work.map(({ check }) => check()).find((each) => each !== true) ?? true,
  );
  return {
    async stop() {
      await Promise.all(work.map((each) => each.stop(stopMs)));
      // Another instance then takes the partitions at once, and not after the end of the leases.
      await leases
        .release()
        .catch((error: unknown) =>
          log.warn({ reason: String(error) }, 'the scheduler cannot release its leases'),
        );
      await accumulator.close(stopMs / 3);
      clock.stop();
      await mysql.close();
    },
  };
}

function openScan(
  { live, log }: Context,
  { pool, leases, send }: { pool: Pool; leases: Leases; send: Send },
): Scan {
  return createScan({
    pool,
    sent: createSentCommands(),
    budget: createBudget(() => performance.now()),
    get ratePerSecond() {
      return live.now.ratePerSecond;
    },
    held: leases.held,
    send,
    onPause(partition, waiting) {
      log.warn({ partition, waiting }, 'the scheduler waits for a lane with too many commands');
    },
    onResume(partition) {
      log.info({ partition }, 'the scheduler sends commands to a lane again');
    },
  });
}

type Send = (orders: readonly DueOrder[], nowMs: number) => Promise<SendEnd[]>;

/** Sends the commands of a page together. An error is the end of its command only. */
function createSend(
  { log, metrics, traces }: Context,
  accumulator: Accumulator,
  codec: Pick<Codec<OrderCommand>, 'encode'>,
): Send {
  return async (orders, nowMs) => {
    if (orders.length === 0) return [];
    const commands = orders.map((order) => timerCommand(order, nowMs));
    const spans = commands.map((command) => startSend(traces, command, true));
    const ends: SendEnd[] = [];
    const errors: AppError[] = [];
    const all = Promise.withResolvers<void>();
    let left = commands.length;
    accumulator.sendEach(
      commands.map((command, index) => commandMessage(codec, command, nowMs, spans[index])),
      (index, end) => {
        ends[index] = endOf(end);
        spans[index]?.end(typeof end === 'bigint' ? null : end.code);
        if (typeof end !== 'bigint') errors.push(end);
        const result =
          typeof end === 'bigint' ? 'produced' : end.code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'failed';
        metrics.inc('scheduler_commands_total', { type: commands[index]!.type, result });
        left -= 1;
        if (left === 0) all.resolve();
      },
    );
    await all.promise;
    const [first] = errors;
    if (first !== undefined)
      log.warn(
        { commands: errors.length, reason: errorMessage(first) },
        'the scheduler cannot produce commands of timers',
      );
    return ends;
  };
}

function endOf(end: bigint | AppError): SendEnd {
  if (typeof end === 'bigint') return end;
  return end.code === 'OUTCOME_UNKNOWN' ? null : 'not produced';
}

async function renew({ log, metrics }: Context, leases: Leases): Promise<number> {
  const before = leases.held().join(' ');
  await leases.renew();
  const partitions = leases.held();
  metrics.set('scheduler_partitions_held', partitions.length);
  if (partitions.join(' ') !== before) log.info({ partitions }, 'the partitions of this scheduler changed');
  return renewEveryMs;
}

async function turnOf({ metrics }: Context, scan: Scan): Promise<number> {
  const pauseMs = await scan.turn();
  metrics.set('scheduler_partitions_paused', scan.paused.size);
  return pauseMs;
}

async function measure({ metrics }: Context, pool: Pool): Promise<number> {
  const latenessMs = await readLateness(pool, await readNowMs(pool));
  metrics.set('scheduler_timer_late_seconds', latenessMs / 1_000);
  return measureEveryMs;
}

/**
 * `bench subscribers` measures three speeds: outcomes become delivery rows, webhooks arrive, and a new team reads the
 * snapshot.
 */
import path from 'node:path';
import { runInChild } from '../frame/child.ts';
import { runRounds } from '../frame/rounds.ts';
import { openStack } from '../frame/stack.ts';
import type { BenchOptions, BenchReport, Variant } from '../frame/types.ts';
import { openWorld, type World } from '../http/world.ts';
import { inspectServer } from '../store/database.ts';
import { figuresOf, goals } from './figures.ts';
import type { DeliverJob } from './job.ts';
import { runRows } from './rows.ts';
import { writeSnapshot } from './snapshot.ts';

const deliver = path.join(import.meta.dirname, 'deliver.ts');
const customers = 50;
const perSecond = 300;
const fullRounds = 3;
const quickRounds = 1;
const full = {
  events: 60_000,
  snapshotOrders: 1_000_000,
  // The warm-up is longer than the time in which the group of a new notification process forms.
  times: { warmUpMs: 8_000, measureMs: 30_000 },
};
const quick = { events: 24_000, snapshotOrders: 100_000, times: { warmUpMs: 6_000, measureMs: 10_000 } };

export async function subscribersBench(options: BenchOptions): Promise<BenchReport> {
  const size = options.quick ? quick : full;
  const closers: (() => Promise<void>)[] = [];
  try {
    const stack = await openStack(options.tell);
    closers.push(stack.close);
    const { pid: databasePid } = await inspectServer(stack.info.mysqlUrl);
    const world = await openWorld(stack, { name: 'subscribers', customers, ingestionEnvs: [{}] });
    closers.push(world.close);
    await world.startWorker();
    const snapshot = await writeSnapshot(stack.info, size.snapshotOrders, options.tell);
    closers.push(snapshot.close);
    const rows = (posts: boolean) => runRows(stack.info, { events: size.events, posts, databasePid });
    const rounds = await runRounds(
      [
        { name: 'rows', run: () => rows(false) },
        { name: 'rows and posts', run: () => rows(true) },
        deliveries('300/s', false, world, { databasePid, ...size.times }),
        deliveries('300/s, one hangs', true, world, { databasePid, ...size.times }),
        { name: 'snapshot', run: snapshot.read },
      ],
      options.rounds ?? (options.quick ? quickRounds : fullRounds),
      options.tell,
    );
    return { bench: 'subscribers', rounds, figures: figuresOf(rounds, size.snapshotOrders), goals };
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

type Times = typeof full.times & { readonly databasePid: number | null };

function deliveries(name: string, hangs: boolean, world: World, times: Times): Variant {
  return {
    name,
    async run(round) {
      const { target, tokens, skuCount } = world.load();
      const keyPrefix = `${hangs ? 'h' : 'd'}${round}-`;
      const notificationEnv = { ...world.env, INSTANCE_ID: 'bench', WEBHOOK_ALLOW_ADDRESSES: '127.0.0.1' };
      const job = { target, tokens, skuCount, keyPrefix, perSecond, hangs, ...times };
      const result = await runInChild(deliver, { ...job, env: notificationEnv } satisfies DeliverJob);
      await world.ledger.quiesce();
      return result;
    },
  };
}

/**
 * `bench shares` measures the p99 of a well-behaved caller beside a greedy caller. It divides this p99 by the p99
 * while the same greedy caller loads another server. Each kind of load has its own pair of runs. The bench also
 * measures the first responses of 512 new callers at once. It compares them with the responses to a known caller in
 * the same seconds.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../client/job.ts';
import { runRounds } from '../frame/rounds.ts';
import { openStack } from '../frame/stack.ts';
import { figure, perRun } from '../frame/statistics.ts';
import type { BenchOptions, BenchReport, Figure, Goal, Rounds, RunResult, Variant } from '../frame/types.ts';
import { openWorld, type World } from '../http/world.ts';
import type { GreedyJob } from './greedy.ts';
import { runModest } from './modest.ts';
import { runNewcomers } from './newcomers.ts';
import { batch, waysOf } from './ways.ts';

const newcomersEach = 512;
const roundsMax = 5;
/** The default limits, except for a longer LAG_LIMIT_MS. So a slow worker causes no refusals. */
const instance = { LAG_LIMIT_MS: '1h', RATE_ORDERS_PER_SECOND: '500', RATE_BURST_ORDERS: '1000' };
const [greedyToken, modestToken, knownToken, firstNewToken] = [0, 1, 2, 3];
const elsewhere = ' elsewhere';
const goal: Goal = { atMost: 2, aim: 1.5 };

interface Times {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export async function sharesBench(options: BenchOptions): Promise<BenchReport> {
  const times = options.quick
    ? { warmUpMs: 1_000, measureMs: 4_000 }
    : { warmUpMs: 2_000, measureMs: 10_000 };
  const count = Math.min(roundsMax, options.rounds ?? (options.quick ? 1 : 3));
  const stack = await openStack(options.tell);
  try {
    const customers = firstNewToken + newcomersEach * count;
    const world = await openWorld(stack, { name: 'shares', ingestionEnvs: [instance], customers });
    const dummy = await startDummy();
    try {
      await world.startWorker();
      const orderId = await makeOrders(world);
      const variants = [...wayVariants(world, dummy.target, orderId, times), newcomersVariant(world, times)];
      const rounds = await runRounds(asked(variants, options.only), count, options.tell);
      return { bench: 'shares', rounds, figures: figuresOf(rounds, orderId), goals: goalsOf(orderId) };
    } finally {
      dummy.close();
      await world.close();
    }
  } finally {
    await stack.close();
  }
}

/**
 * Places orders of both callers, so that lists are not empty. Returns the id of a decided order of the greedy caller.
 */
async function makeOrders(world: World): Promise<string> {
  const { target, tokens } = world.load();
  const ids: string[] = [];
  for (const token of [tokens[greedyToken]!, tokens[modestToken]!]) {
    const request = batch(token, 0, 200);
    const answer = await fetch(`http://${target.host}:${target.port}/v1/orders/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: request.slice(request.indexOf('\r\n\r\n') + 4),
    });
    const { items } = (await answer.json()) as { items: { id: string }[] };
    ids.push(items[0]!.id);
  }
  await world.ledger.quiesce();
  return ids[0]!;
}

function wayVariants(world: World, dummy: Target, orderId: string, times: Times): Variant[] {
  return waysOf(orderId).flatMap(({ name }) =>
    (['', elsewhere] as const).map((where) => ({
      name: name + where,
      async run(round: number): Promise<RunResult> {
        const { target, tokens } = world.load();
        const job: GreedyJob = {
          target: where === '' ? target : dummy,
          token: tokens[greedyToken]!,
          way: name,
          orderId,
        };
        const greedy = startChild('greedy.ts', job);
        try {
          const keyPrefix = `m${round}${name}${where}`.replaceAll(' ', '-');
          const sample = await runModest({ target, token: tokens[modestToken]!, keyPrefix, ...times });
          return { ok: true, sample };
        } finally {
          greedy.kill('SIGKILL');
          await rest(world);
        }
      },
    })),
  );
}

/** Waits until the backlog of the greedy caller is processed. */
async function rest(world: World): Promise<void> {
  await sleep(1_000);
  await world.ledger.quiesce();
}

function newcomersVariant(world: World, times: Times): Variant {
  return {
    name: 'newcomers',
    async run(round) {
      const { target, tokens } = world.load();
      const first = firstNewToken + round * newcomersEach;
      const newTokens = tokens.slice(first, first + newcomersEach);
      const keyPrefix = `f${round}-`;
      const sample = await runNewcomers({
        target,
        token: tokens[knownToken]!,
        keyPrefix,
        newTokens,
        ...times,
      });
      await rest(world);
      return { ok: true, sample };
    },
  };
}

function startChild(file: string, job: object): ChildProcess {
  return fork(path.join(import.meta.dirname, file), [JSON.stringify(job)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

async function startDummy(): Promise<{ target: Target; close(): void }> {
  const child = startChild('dummy.ts', {});
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { target: { host: '127.0.0.1', port }, close: () => void child.kill() };
}

function asked(variants: readonly Variant[], only: readonly string[] | null): Variant[] {
  return variants.filter(({ name }) => only === null || only.includes(name.replace(elsewhere, '')));
}

const figureName = (way: string): string => `shares.${way.replaceAll(' ', '_')}_p99`;

function figuresOf({ results }: Rounds, orderId: string): Figure[] {
  const p99s = (name: string) => perRun(results.get(name) ?? [], ({ p99Ms }) => p99Ms);
  const ways = waysOf(orderId).map(({ name }) => {
    const alone = p99s(name + elsewhere);
    const beside = p99s(name).map((p99, round) =>
      p99 === null || alone[round] == null ? null : p99 / alone[round],
    );
    return figure(figureName(name), 'ratio', beside);
  });
  const newcomers = perRun(
    results.get('newcomers') ?? [],
    ({ p99Ms, more }) => p99Ms / (more?.['knownP99Ms'] ?? Number.NaN),
  );
  return [...ways, figure(figureName('newcomers'), 'ratio', newcomers)];
}

function goalsOf(orderId: string): Record<string, Goal> {
  const names = [...waysOf(orderId).map(({ name }) => name), 'newcomers'];
  return Object.fromEntries(names.map((name) => [figureName(name), goal]));
}

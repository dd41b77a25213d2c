/**
 * `bench store` compares the writer of the product, the usual design and LOAD DATA. All use the same schema and the
 * same orders.
 */
import path from 'node:path';
import { workerProcessEnv } from '../../services/worker/process-env.ts';
import { runInChild } from '../frame/child.ts';
import { runRounds } from '../frame/rounds.ts';
import type { BenchOptions, BenchReport, Variant } from '../frame/types.ts';
import { databaseUrl, dropDatabase, inspectServer } from './database.ts';
import { figuresOf, goals } from './figures.ts';
import { fillDatabase } from './fill.ts';
import type { Shape } from './order-stream.ts';
import type { Pricing } from './rules.ts';
import { openServer } from './server.ts';
import type { StoreJob, SubjectName } from './subject.ts';

const child = path.join(import.meta.dirname, 'child.ts');
const seed = 20_260_101;

const writers = 3;
/** Numbers of connections for the usual design. The first number is the best on two cores. */
export const usualConnections = [8, 1, 16] as const;
const fullRounds = 5;
const quickRounds = 3;
const fullMs = { warmUpMs: 1_000, measureMs: 4_000 };
const quickMs = { warmUpMs: 500, measureMs: 1_600 };
/** Until the first orders are delivered, a run of lives has another mix of commands. */
const livesStartMs = 2_500;
/** The number of rows of "full" tables. */
const filledOrders = 3_000_000;

export async function storeBench(options: BenchOptions): Promise<BenchReport> {
  const server = await openServer(options.tell);
  try {
    const { pid, version } = await inspectServer(server.url);
    options.tell(`database ${version}`);
    const filledUrl = databaseUrl(server.url, 'filled');
    const planned = plan(options.quick).filter(({ name }) => options.only?.includes(name) ?? true);
    const needsFull = planned.some(({ isFilled }) => isFilled);
    if (needsFull) await fillDatabase(filledUrl, { orders: filledOrders, seed }, options.tell);
    const times = options.quick ? quickMs : fullMs;
    const variants = planned.map(({ name, ...what }): Variant => {
      const url = what.isFilled ? filledUrl : databaseUrl(server.url, 'run');
      const warmUpMs = times.warmUpMs + (what.subject === 'oursLives' ? livesStartMs : 0);
      const job = { ...what, ...times, warmUpMs, seed, url, databasePid: pid };
      const env = what.subject.startsWith('ours') ? workerProcessEnv : {};
      return { name, run: () => runInChild(child, job satisfies StoreJob, env) };
    });
    const rounds = await runRounds(
      variants,
      options.rounds ?? (options.quick ? quickRounds : fullRounds),
      options.tell,
    );
    await dropDatabase(databaseUrl(server.url, 'run'));
    if (needsFull) await dropDatabase(filledUrl);
    return { bench: 'store', rounds, figures: figuresOf(rounds), goals };
  } finally {
    await server.close();
  }
}

interface Planned {
  readonly name: string;
  readonly subject: SubjectName;
  readonly shape: Shape;
  readonly pricing: Pricing;
  readonly connections: number;
  readonly isFilled: boolean;
}

/**
 * The variants of each round. A quick run has the usual design only at its best number of connections, and no full
 * tables.
 */
function plan(quick: boolean): Planned[] {
  const planned: Planned[] = [];
  const ours = {
    subject: 'ours',
    shape: 'uniform',
    pricing: 'bare',
    connections: writers,
    isFilled: false,
  } as const;
  const add = (name: string, what: Partial<Planned> = {}) => planned.push({ ...ours, ...what, name });
  for (const shape of ['uniform', 'hot', 'soldOut'] as const) {
    add(`ours ${shape}`, { shape, pricing: 'rules' });
    for (const connections of quick ? usualConnections.slice(0, 1) : usualConnections) {
      add(`usual ${shape} ×${connections}`, { subject: 'usual', shape, pricing: 'rules', connections });
    }
  }
  add('ours without rules');
  add('ours one coupon', { pricing: 'hotCoupon' });
  add('ours pay and cancel', { subject: 'oursCommands' });
  add('ours whole lives', { subject: 'oursLives' });
  add('LOAD DATA', { subject: 'loadData', connections: 1 });
  add('ours not exactly-once', { subject: 'oursBare' });
  if (!quick) add('ours at 3 million', { isFilled: true });
  return planned;
}

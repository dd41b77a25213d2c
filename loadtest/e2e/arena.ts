/**
 * Runs the designs on the same servers. Only the processes of the measured design run, because idle processes of
 * other designs would use CPU time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLocalIssuer, type LocalIssuer } from '../../services/shared/auth/index.ts';
import { EVENTS } from '../../topics/index.ts';
import type { ClosedJob, OpenJob } from '../client/job.ts';
import { runInChild } from '../frame/child.ts';
import { type OwnTopics, openTopics } from '../frame/own-topics.ts';
import type { BenchStack } from '../frame/stack.ts';
import type { RunResult } from '../frame/types.ts';
import { withConnection } from '../store/database.ts';
import { skuCount } from '../store/order-stream.ts';
import { countsPerOrder, readCounts } from './counters.ts';
import type { Design, RunningDesign } from './design.ts';
import type { E2eJob, OutcomeTopic, SeenBy } from './job.ts';
import { rowsProblem, stockProblem } from './rows.ts';

const driver = path.join(import.meta.dirname, 'driver.ts');
const customers = 64;
const tokenSeconds = 7_200;
const linesEach = 4;
const warmUpConnections = 64;

/** The part of a job that the arena does not set. */
export type Shape =
  | Pick<ClosedJob, 'kind' | 'connections' | 'ordersEach'>
  | Pick<OpenJob, 'kind' | 'perSecond' | 'waitSeconds' | 'refusalsCount'>;

export interface Times {
  /** Duration of the load on newly started processes, before their first run. */
  readonly startUpMs: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface RunOf {
  readonly shape: Shape;
  /** Prefix of every idempotency key. Each run of the arena has its own prefix. */
  readonly keyPrefix: string;
  readonly seenBy?: SeenBy;
  /** Whether the subscribers are paused while the load runs. */
  readonly isFrozen?: boolean;
}

export interface Arena {
  readonly designs: ReadonlyMap<string, Design>;
  /** Runs one variant once and checks the result. Waits for the end of the run before. */
  run(designName: string, what: RunOf): Promise<RunResult>;
  /** The fault in the stock of a design after all of its runs, or null. */
  stockProblem(designName: string): Promise<string | null>;
  close(): Promise<void>;
}

export type MakeDesign = (own: OwnTopics, jwks: string) => Promise<Design> | Design;

/**
 * Creates the topics, tables and tokens of each design, but starts no process. Designs share topics and tables if
 * their names are equal up to a slash.
 */
export async function openArena(
  stack: BenchStack,
  makers: Readonly<Record<string, MakeDesign>>,
  times: Times,
): Promise<Arena> {
  const dir = await mkdtemp(path.join(tmpdir(), 'bench-e2e-'));
  const issuer = await createLocalIssuer(dir);
  const tokens = await signTokens(issuer);
  const { owned, designs } = await makeDesigns(stack, makers, issuer.jwksPath);
  let active: { name: string; running: RunningDesign } | null = null;
  let lastRun: Promise<unknown> = Promise.resolve();
  let warmUps = 0;

  const stopActive = async (): Promise<void> => {
    const stopped = active;
    active = null;
    await stopped?.running.stop();
  };
  const drive = (design: Design, running: RunningDesign, what: RunOf, span: Span): Promise<RunResult> =>
    runChecked({ own: design.own, running, tokens, serverPids: stack.pids }, what, span);
  const activate = async (design: Design): Promise<RunningDesign> => {
    if (active?.name === design.name) return active.running;
    await stopActive();
    const running = await design.start();
    active = { name: design.name, running };
    await running.settle();
    const shape: Shape = { kind: 'closed', connections: warmUpConnections, ordersEach: 1 };
    const keyPrefix = `warm${warmUps++}-`;
    const span = { warmUpMs: 0, measureMs: times.startUpMs };
    const warmed = await drive(design, running, { shape, keyPrefix }, span);
    if (!warmed.ok) throw new Error(`${design.name} did not warm up: ${warmed.problem}`);
    return running;
  };

  const runOnce = async (design: Design, what: RunOf): Promise<RunResult> => {
    try {
      const result = await drive(design, await activate(design), what, times);
      if (!result.ok) await stopActive();
      return result;
    } catch (error) {
      // The remains of one run must not affect the next run.
      await stopActive();
      throw error;
    }
  };

  return {
    designs,
    run(designName, what) {
      const run = lastRun.then(() => runOnce(designs.get(designName)!, what));
      lastRun = run.catch(() => undefined);
      return run;
    },
    stockProblem: (designName) => withConnection(designs.get(designName)!.own.mysqlUrl, stockProblem),
    async close() {
      // A run whose test timed out ends early without its processes, or has just started some.
      await stopActive();
      await lastRun;
      await stopActive();
      for (const own of owned) await own.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function makeDesigns(
  { info }: BenchStack,
  makers: Readonly<Record<string, MakeDesign>>,
  jwks: string,
): Promise<{ owned: OwnTopics[]; designs: Map<string, Design> }> {
  const owned = new Map<string, OwnTopics>();
  const designs = new Map<string, Design>();
  for (const [name, make] of Object.entries(makers)) {
    const [ownName] = name.split('/') as [string];
    const own = owned.get(ownName) ?? (await openTopics(info, `e2e-${ownName}`));
    owned.set(ownName, own);
    designs.set(name, { ...(await make(own, jwks)), name });
  }
  return { owned: [...owned.values()], designs };
}

type Span = Pick<Times, 'warmUpMs' | 'measureMs'>;

interface Subject {
  readonly own: OwnTopics;
  readonly running: RunningDesign;
  readonly tokens: readonly string[];
  readonly serverPids: BenchStack['pids'];
}

/** Runs one variant in its own process, and checks its outcomes and its rows. */
async function runChecked(
  { own, running, tokens, serverPids }: Subject,
  { shape, keyPrefix, seenBy = 'topic', isFrozen = false }: RunOf,
  span: Span,
): Promise<RunResult> {
  const load = {
    target: running.target,
    // If the client follows its orders, all orders belong to one customer.
    tokens: seenBy === 'topic' ? tokens : tokens.slice(0, 1),
    keyPrefix,
    skuCount,
    linesEach,
    servicePid: Object.values(running.pids)[0]!,
    pids: { ...running.pids, ...serverPids },
    ...span,
    ...shape,
  };
  const outcomes = { ...topicOf(own), topic: EVENTS };
  const before = await publishedOf(own);
  const countsBefore = await readCounts(own, running.adminPorts);
  const thaw = isFrozen ? running.freezeSubscribers?.() : undefined;
  const result = await runInChild(driver, { load, outcomes, seenBy } satisfies E2eJob);
  thaw?.();
  if (!result.ok) return result;
  const accepted = result.sample.more!['accepted']!;
  const counts = countsPerOrder(countsBefore, await readCounts(own, running.adminPorts), accepted);
  await running.settle();
  const problem =
    publishedProblem(accepted, (await publishedOf(own)) - before) ??
    (await withConnection(own.mysqlUrl, (connection) =>
      rowsProblem(connection, { keyPrefix, accepted, linesEach }),
    ));
  if (problem !== null) return { ok: false, problem };
  return { ok: true, sample: { ...result.sample, more: { ...result.sample.more, ...counts } } };
}

function topicOf({ env, settings }: OwnTopics): Omit<OutcomeTopic, 'topic'> {
  return { brokers: settings.brokers, topicPrefix: env['KAFKA_TOPIC_PREFIX']! };
}

/** Number of records in the topic of outcomes. */
async function publishedOf({ admin }: OwnTopics): Promise<number> {
  const ends = await admin.endOffsets(EVENTS);
  return [...ends.values()].reduce((sum, { high }) => sum + Number(high), 0);
}

function publishedProblem(accepted: number, published: number): string | null {
  return published === accepted ? null : `${published} outcomes were published for ${accepted} orders`;
}

function signTokens(issuer: LocalIssuer): Promise<string[]> {
  const scopes = ['orders:write', 'orders:read'];
  return Promise.all(
    Array.from({ length: customers }, (_, index) =>
      issuer.sign({ customerId: `customer-${index}`, scopes, ttlSeconds: tokenSeconds }),
    ),
  );
}

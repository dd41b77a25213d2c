/**
 * The designs on the same servers. Only the measured design's processes run, because idle processes of the
 * others would still use processor time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLocalIssuer, type LocalIssuer } from '../../services/shared/auth/index.ts';
import { EVENTS } from '../../topics/index.ts';
import type { ClosedJob, Load, OpenJob } from '../client/job.ts';
import { runInChild } from '../frame/child.ts';
import { type OwnTopics, openTopics } from '../frame/own-topics.ts';
import type { BenchStack } from '../frame/stack.ts';
import type { RunResult } from '../frame/types.ts';
import { skuCount } from '../store/order-stream.ts';
import type { Design, RunningDesign } from './design.ts';
import type { E2eJob } from './job.ts';
import { rowsProblem } from './rows.ts';

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
  /** Load on newly started processes, before their first run. */
  readonly startUpMs: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface Arena {
  readonly designs: ReadonlyMap<string, Design>;
  /**
   * One checked run. `beside` is called with the design's processes before the run, and its result after it.
   */
  run(
    designName: string,
    shape: Shape,
    keyPrefix: string,
    beside?: (running: RunningDesign) => () => void,
  ): Promise<RunResult>;
  close(): Promise<void>;
}

export type MakeDesign = (own: OwnTopics, jwks: string, stack: BenchStack) => Promise<Design> | Design;

/** Creates topics, tables and tokens of each design; starts no process. */
export async function openArena(
  stack: BenchStack,
  makers: Readonly<Record<string, MakeDesign>>,
  times: Times,
): Promise<Arena> {
  const dir = await mkdtemp(path.join(tmpdir(), 'bench-e2e-'));
  const issuer = await createLocalIssuer(dir);
  const tokens = await signTokens(issuer);
  const designs = new Map<string, Design>();
  for (const [name, make] of Object.entries(makers)) {
    const own = await openTopics(stack.info, `e2e-${name}`);
    designs.set(name, await make(own, issuer.jwksPath, stack));
  }
  let active: { name: string; running: RunningDesign } | null = null;
  let warmUps = 0;

  const stopActive = async (): Promise<void> => {
    const stopped = active;
    active = null;
    await stopped?.running.stop();
  };
  const loadOf = (running: RunningDesign): Omit<Load, 'keyPrefix' | 'warmUpMs' | 'measureMs'> => ({
    target: running.target,
    tokens,
    skuCount,
    linesEach,
    servicePid: Object.values(running.pids)[0]!,
    pids: { ...running.pids, ...stack.pids },
  });
  const drive = async (design: Design, running: RunningDesign, what: RunOf): Promise<RunResult> => {
    const { env, settings } = design.own;
    const load = { ...loadOf(running), ...what.times, ...what.shape, keyPrefix: what.keyPrefix };
    const outcomes = {
      brokers: settings.brokers,
      topicPrefix: env['KAFKA_TOPIC_PREFIX']!,
      topic: EVENTS,
    };
    const before = await publishedOf(design);
    const result = await runInChild(driver, { load, outcomes } as E2eJob);
    if (!result.ok) return result;
    await running.settle();
    const accepted = result.sample.more!['accepted']!;
    const problem =
      publishedProblem(accepted, (await publishedOf(design)) - before) ??
      (await rowsProblem(design.own.mysqlUrl, { keyPrefix: what.keyPrefix, accepted, linesEach }));
    return problem === null ? result : { ok: false, problem };
  };
  const activate = async (design: Design): Promise<RunningDesign> => {
    if (active?.name === design.name) return active.running;
    await stopActive();
    const running = await design.start();
    active = { name: design.name, running };
    await running.settle();
    const shape: Shape = { kind: 'closed', connections: warmUpConnections, ordersEach: 1 };
    const warm = { warmUpMs: 0, measureMs: times.startUpMs };
    const keyPrefix = `warm${warmUps++}-`;
    const warmed = await drive(design, running, { shape, keyPrefix, times: warm });
    if (!warmed.ok) throw new Error(`${design.name} did not warm up: ${warmed.problem}`);
    return running;
  };

  return {
    designs,
    async run(designName, shape, keyPrefix, beside) {
      const design = designs.get(designName)!;
      const running = await activate(design);
      const restore = beside?.(running);
      try {
        return await drive(design, running, { shape, keyPrefix, times });
      } catch (error) {
        // The rest of one run must not affect the next.
        await stopActive();
        throw error;
      } finally {
        restore?.();
      }
    },
    async close() {
      await stopActive();
      for (const { own } of designs.values()) await own.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

interface RunOf {
  readonly shape: Shape;
  readonly keyPrefix: string;
  readonly times: Pick<Times, 'warmUpMs' | 'measureMs'>;
}

/** Records in the topic of the outcomes. */
async function publishedOf({ own }: Design): Promise<number> {
  const ends = await own.admin.endOffsets(EVENTS);
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

/** The runs of one round on a world without artificial delay. */
import path from 'node:path';
import type { ClosedJob, GrpcJob, Job, OpenJob, StreamsJob } from '../client/job.ts';
import { runInChild } from '../frame/child.ts';
import type { RunResult, Variant } from '../frame/types.ts';
import type { Bare } from './bare-process.ts';
import type { World } from './world.ts';

const generator = path.join(import.meta.dirname, '../client/generator.ts');
/**
 * With this number, ingestion is the bottleneck, not the latency of the acknowledgement. With half as many
 * connections, a fifth of its core is idle.
 */
const connections = 512;
/** As many orders in flight as with HTTP. */
const grpcCalls = { connections: 16, callsInFlight: connections / 16 };
const batchConnections = 64;
const batchOrders = 20;
const perSecond = 1_500;
const waitSeconds = 5;
const streams = 10_000;
const besideStreamsPerSecond = 200;

export interface Times {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

type GrpcWhat = What<GrpcJob> & Pick<GrpcJob, 'target'>;

/** The part of a job that the variant does not set. */
type What<J extends Job> = Omit<J, Exclude<keyof Job, 'kind'>>;

/**
 * Variants for the rate of the API alone, while the worker does not run. The worker processes the accepted orders at
 * the end of the round, before their check. The log is a real one, so that an acknowledgement has its real cost.
 */
export function aloneVariants(world: World, bare: Bare, times: Times): Variant[] {
  const closed = (name: string, what: What<ClosedJob> | GrpcWhat): Variant => {
    const keyPrefix = (round: number) => `${name.replaceAll(' ', '').slice(0, 6)}${round}-`;
    return {
      name,
      async run(round) {
        await world.stopWorker();
        return runInChild(generator, { ...world.load(), ...times, ...what, keyPrefix: keyPrefix(round) });
      },
      async check(round, result) {
        await world.startWorker();
        return checked(world, keyPrefix(round), result);
      },
    };
  };
  return [
    { name: 'bare GET', run: () => runBare(world, bare, times) },
    closed('place', { kind: 'closed', connections, ordersEach: 1 }),
    closed('place over gRPC', { kind: 'grpc', target: world.grpcTarget, ...grpcCalls }),
    closed('batch of 20', { kind: 'closed', connections: batchConnections, ordersEach: batchOrders }),
  ];
}

/** Variants with the whole product, workers included. */
export function wholeVariants(world: World, times: Times): Variant[] {
  const whole = (name: string, letter: string, what: What<ClosedJob> | What<OpenJob>): Variant => ({
    name,
    async run(round) {
      await world.startWorker();
      const keyPrefix = `${letter}${round}-`;
      const job = { ...world.load(), ...times, ...what, keyPrefix };
      return settled(world, keyPrefix, await runInChild(generator, job));
    },
  });
  return [
    whole('place, worker beside', 'x', { kind: 'closed', connections, ordersEach: 1 }),
    whole('place 1500/s', 'o', { kind: 'open', perSecond, waitSeconds: 0, refusalsCount: false }),
    whole('wait 1500/s', 'w', { kind: 'open', perSecond, waitSeconds, refusalsCount: false }),
  ];
}

/** The variant with idle streams. It runs less often, because it takes long. */
export function streamVariant(world: World, times: Times): Variant {
  return {
    name: '10,000 streams',
    async run(round) {
      await world.startWorker();
      const load = world.load();
      const keyPrefix = `s${round}-`;
      const job = {
        ...load,
        ...times,
        tokens: load.tokens.slice(0, 1),
        kind: 'streams',
        keyPrefix,
        streams,
        perSecond: besideStreamsPerSecond,
      } satisfies StreamsJob;
      return settled(world, keyPrefix, await runInChild(generator, job));
    },
  };
}

function runBare(world: World, bare: Bare, times: Times): Promise<RunResult> {
  return runInChild(generator, {
    ...world.load(),
    ...times,
    target: bare.target,
    servicePid: bare.pid,
    pids: { ingestion: bare.pid },
    keyPrefix: 'g',
    kind: 'closed',
    connections,
    ordersEach: 0,
  } satisfies ClosedJob);
}

async function settled(world: World, keyPrefix: string, result: RunResult): Promise<RunResult> {
  await world.ledger.quiesce();
  return checked(world, keyPrefix, result);
}

/** A run has a number only if the stored orders are exactly the accepted ones. */
async function checked(world: World, keyPrefix: string, result: RunResult): Promise<RunResult> {
  if (!result.ok) return result;
  const fault = await world.ledger.faultOf(keyPrefix, result.sample.more!['accepted']!);
  return fault === null ? result : { ok: false, problem: fault };
}

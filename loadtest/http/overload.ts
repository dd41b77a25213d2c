/**
 * Puts five times the capacity of the workers on the API.
 *
 * The bench measures the capacity of the workers just before, on the same slowed database, in two ways. First, the
 * workers process a backlog undisturbed. Then the same generator sends too many orders through an instance of
 * ingestion that never refuses. The higher rate is the capacity. Undisturbed workers have the whole machine. Under
 * load, their batches are fuller. Both rates count outcomes in the log, because an accepted order without an outcome
 * is no result.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClosedJob, OpenJob } from '../client/job.ts';
import { runInChild } from '../frame/child.ts';
import type { RunResult } from '../frame/types.ts';
import { countOutcomes, firstCommand } from './outcome-rate.ts';
import type { World } from './world.ts';

const generator = path.join(import.meta.dirname, '../client/generator.ts');
const overload = 5;
/** Load as a multiple of the undisturbed rate. It is high enough to keep the workers busy. */
const saturation = 1.5;
/** Indexes of the instances of ingestion in the world. */
const strict = 0;
const patient = 1;
const saturateWarmUpMs = 2_000;
const overloadWarmUpMs = 4_000;
const backlogEveryMs = 250;
const backlogFill = { connections: 2, ordersEach: 100, warmUpMs: 0, measureMs: 300 };
/** Measured part of the backlog. Near the end of the backlog, some lanes are empty before others. */
const backlogPart = 0.6;

export interface OverloadOptions {
  readonly keyPrefix: string;
  readonly measureMs: number;
}

/** Returns the sample of the overload. `goodput` is a fraction of `capacity`. `capacity` is in orders per second. */
export async function runOverload(world: World, options: OverloadOptions): Promise<RunResult> {
  const { keyPrefix, measureMs } = options;
  const undisturbed = await workOffBacklog(world, keyPrefix);
  const saturated = await runOnClock(world, patient, {
    keyPrefix: `${keyPrefix}c`,
    perSecond: saturation * undisturbed,
    warmUpMs: saturateWarmUpMs,
    measureMs,
    refusalsCount: false,
  });
  if (!saturated.ok) return saturated;
  const { outcomesPerSecond, backlogMin } = saturated.sample.more!;
  if (backlogMin === 0)
    return {
      ok: false,
      problem: `at ${Math.round(outcomesPerSecond!)} orders/s the workers were idle part of the time`,
    };
  const capacity = Math.max(undisturbed, outcomesPerSecond!);

  const result = await runOnClock(world, strict, {
    keyPrefix: `${keyPrefix}o`,
    perSecond: overload * capacity,
    warmUpMs: overloadWarmUpMs,
    measureMs,
    refusalsCount: true,
  });
  if (!result.ok) return result;
  const { sample } = result;
  if (sample.more!['refused'] === 0) return { ok: false, problem: 'nothing was refused' };
  const goodput = sample.more!['outcomesPerSecond']! / capacity;
  return { ok: true, sample: { ...sample, more: { ...sample.more, capacity, goodput } } };
}

/** The rate, in orders per second, at which the workers process a backlog that was accepted before. */
async function workOffBacklog(world: World, keyPrefix: string): Promise<number> {
  const { ledger } = world;
  const before = await ledger.progress();
  const job = {
    ...world.load(patient),
    ...backlogFill,
    kind: 'closed',
    keyPrefix: `${keyPrefix}g`,
  } satisfies ClosedJob;
  const filled = await runInChild(generator, job);
  if (!filled.ok) throw new Error(filled.problem);
  const from = await ledger.progress();
  const startedMs = performance.now();
  const enough = before.outcomes + backlogPart * (from.commands - before.commands);
  let outcomes = from.outcomes;
  while (outcomes < enough) {
    await sleep(backlogEveryMs);
    ({ outcomes } = await ledger.progress());
  }
  const perSecond = ((outcomes - from.outcomes) * 1_000) / (performance.now() - startedMs);
  await ledger.quiesce();
  return perSecond;
}

type ClockJob = Pick<OpenJob, 'keyPrefix' | 'perSecond' | 'warmUpMs' | 'measureMs' | 'refusalsCount'>;

/**
 * Runs the generator, and counts outcomes in the middle of its measured time. Compares accepted orders with their
 * outcomes.
 */
async function runOnClock(world: World, instance: number, job: ClockJob): Promise<RunResult> {
  const running = runInChild(generator, {
    ...world.load(instance),
    ...job,
    kind: 'open',
    waitSeconds: 0,
  } satisfies OpenJob);
  await firstCommand(world.ledger, running);
  await sleep(job.warmUpMs);
  const counted = await countOutcomes(world.ledger, job.measureMs);
  const result = await running;
  await world.ledger.quiesce();
  if (!result.ok) return result;
  const { sample } = result;
  const fault = await world.ledger.faultOf(job.keyPrefix, sample.more!['accepted']!);
  if (fault !== null) return { ok: false, problem: fault };
  return { ok: true, sample: { ...sample, more: { ...sample.more, ...counted } } };
}

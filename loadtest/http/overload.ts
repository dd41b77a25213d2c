/**
 * Five times as much as the workers can do. What they can do is measured first, on a backlog that was accepted at once;
 * then requests come on the clock, most of them are refused, and the outcomes are counted meanwhile.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInChild } from '../frame/child.ts';
import type { RunResult } from '../frame/types.ts';
import type { ClosedJob, OpenJob } from './job.ts';
import type { World } from './world.ts';

const generator = path.join(import.meta.dirname, 'generator.ts');
const overload = 5;
/** A backlog of some seconds, made before the service notices that it lags. */
const backlog = { connections: 4, ordersEach: 100, warmUpMs: 0, measureMs: 500 };
/** Before the capacity is measured: compiled code, full batches. */
const settleMs = 2_000;
const capacityMs = 4_000;
const warmUpMs = 4_000;

export async function runOverload(world: World, keyPrefix: string, measureMs: number): Promise<RunResult> {
  const load = {
    target: world.target,
    tokens: world.tokens,
    skuCount: world.skuCount,
    servicePid: world.servicePid,
    databasePid: world.databasePid,
  };
  const first = { ...load, ...backlog, kind: 'closed', keyPrefix: `${keyPrefix}c` } satisfies ClosedJob;
  const filled = await runInChild(generator, first);
  if (!filled.ok) return filled;
  await sleep(settleMs);
  const capacity = await publishedPerSecond(world, capacityMs);
  const left = await world.progress();
  if (left.produced === left.published)
    return { ok: false, problem: 'the backlog was gone before the capacity was known' };
  await world.quiesce();

  const job = {
    ...load,
    kind: 'open',
    keyPrefix: `${keyPrefix}o`,
    perSecond: overload * capacity,
    waitSeconds: 0,
    refusalsCount: true,
    warmUpMs,
    measureMs,
  } satisfies OpenJob;
  const running = runInChild(generator, job);
  // The generator takes a moment to start; the window lies inside of its run all the same.
  await sleep(warmUpMs);
  const goodput = await publishedPerSecond(world, measureMs);
  const result = await running;
  await world.quiesce();
  if (!result.ok) return result;
  const { sample } = result;
  const accepted = sample.more?.['accepted'];
  const stored = await world.countOrders(`${keyPrefix}o`);
  if (stored !== accepted)
    return { ok: false, problem: `${accepted} orders were accepted and ${stored} stored` };
  if (sample.more?.['refused'] === 0) return { ok: false, problem: 'nothing was refused' };
  return { ok: true, sample: { ...sample, more: { ...sample.more, capacity, goodput: goodput / capacity } } };
}

/** Outcomes per second over some time. */
async function publishedPerSecond(world: World, ms: number): Promise<number> {
  const before = await world.progress();
  const startedMs = performance.now();
  await sleep(ms);
  const after = await world.progress();
  return ((after.published - before.published) * 1_000) / (performance.now() - startedMs);
}

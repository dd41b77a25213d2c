/**
 * The variants of each round. Variants of one design follow each other, because a change of design starts its
 * processes.
 */
import { median, perRun, rateOf } from '../frame/statistics.ts';
import type { RunResult, Variant } from '../frame/types.ts';
import type { Arena, RunOf, Shape } from './arena.ts';
import type { SeenBy } from './job.ts';

export interface Planned extends Pick<RunOf, 'seenBy' | 'isFrozen'> {
  readonly name: string;
  readonly design: string;
  /** `half` is an open loop at half of the rate of the product at 512 connections. */
  readonly shape: Shape | 'half';
}

const waitSeconds = 5;
const gentlePerSecond = 300;
const briskPerSecond = 1_500;
/** The variant whose rate is the capacity of the product. */
const capacityName = 'ours 512';

/** Numbers of connections at which the bench measures the cost of the subscribers. */
const frozenCounts = new Set([64, 512]);

const closed = (connections: number, ordersEach = 1): Shape => ({ kind: 'closed', connections, ordersEach });
const open = (perSecond: number, wait = 0): Shape => ({
  kind: 'open',
  perSecond,
  waitSeconds: wait,
  refusalsCount: false,
});

export function planned(quick: boolean): Planned[] {
  const of = (
    design: string,
    what: string,
    shape: Planned['shape'],
    more: Partial<Planned> = {},
  ): Planned => ({
    name: `${design} ${what}`,
    design,
    shape,
    ...more,
  });
  const counts = quick ? [64, 512] : [1, 16, 64, 256, 512];
  const singles = (design: string) => counts.map((count) => of(design, String(count), closed(count)));
  // This variant runs right after the variant that it is compared with, because processes get faster in their first
  // minute.
  const frozen = (count: number) => of('ours', `${count} frozen`, closed(count), { isFrozen: true });
  const seen = (seenBy: SeenBy, shape: Shape) => of('ours', `300/s ${seenBy}`, shape, { seenBy });
  const onlyFull = [
    of('ours', '20 × 16', closed(16, 20)),
    of('ours', 'half', 'half'),
    seen('wait', open(gentlePerSecond, waitSeconds)),
    seen('poll', open(gentlePerSecond)),
    seen('stream', open(gentlePerSecond)),
  ];
  return [
    ...singles('ours').flatMap((variant, index) => {
      const count = counts[index]!;
      return frozenCounts.has(count) ? [variant, frozen(count)] : [variant];
    }),
    of('ours', '20 × 64', closed(64, 20)),
    of('ours', '300/s', open(gentlePerSecond)),
    of('ours', '1500/s', open(briskPerSecond)),
    ...(quick ? [] : [...onlyFull, of('ours/traces', '1500/s', open(briskPerSecond))]),
    ...singles('articles'),
    ...(quick ? [] : [of('articles', '300/s', open(gentlePerSecond))]),
    ...singles('async'),
    ...(quick ? [] : [of('async', '300/s', open(gentlePerSecond))]),
  ];
}

export function variantsOf(arena: Arena, plan: readonly Planned[]): Variant[] {
  const capacities: RunResult[] = [];
  return plan.map(({ name, design, shape, ...more }, index) => ({
    name,
    async run(round) {
      const what = shape === 'half' ? open(halfOf(capacities)) : shape;
      const result = await arena.run(design, { shape: what, keyPrefix: `v${index}r${round}-`, ...more });
      if (name === capacityName) capacities.push(result);
      return result;
    },
    async check(_round, result) {
      // The stock counts all orders of the design, so one variant checks the stock for all variants.
      if (plan.findLastIndex((other) => other.design === design) !== index) return result;
      const problem = await arena.stockProblem(design);
      return problem === null ? result : { ok: false, problem };
    },
  }));
}

function halfOf(capacities: readonly RunResult[]): number {
  const capacity = median(perRun(capacities, rateOf));
  if (capacity === null) throw new Error(`no run of "${capacityName}" came before`);
  return Math.round(capacity / 2);
}

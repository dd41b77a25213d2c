import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Demand, decideWorkers, type LaneDemand, newMemory, stepDownHoldMs } from './policy.ts';

const limits = { drainSeconds: 10, workersMin: 2, workersMax: 12 };
const workerRate = 1_000;
const lane = (change: Partial<LaneDemand> = {}): LaneDemand => ({
  ...{ arrivalRate: 0, outcomeRate: 0, backlog: 0, state: 'moving' },
  ...change,
});
const lanes = (count: number, change: Partial<LaneDemand>): LaneDemand[] =>
  Array.from({ length: count }, () => lane(change));
const demand = (own: readonly LaneDemand[], change: Partial<Demand> = {}): Demand => ({
  ...{ monotonicMs: stepDownHoldMs, lanes: own, workerRate, isHalted: false },
  ...change,
});
const decide = (given: Demand, workers = 2) => decideWorkers(given, limits, newMemory(workers, 0));

describe('the number of workers', () => {
  it.each<[string, readonly LaneDemand[], number, string]>([
    ['is the minimum without load', lanes(12, {}), 2, 'minimum'],
    // 12 × 350 ÷ 700
    [
      'follows the arrivals, at 70 % of the rate',
      lanes(12, { arrivalRate: 350, outcomeRate: 350 }),
      6,
      'arrivals',
    ],
    // 12 × (350 + 4,000 ÷ 10) ÷ 1,000
    [
      'drains a backlog in time',
      lanes(12, { arrivalRate: 350, outcomeRate: 360, backlog: 4_000 }),
      9,
      'backlog',
    ],
    ['is at most one for each lane', lanes(12, { arrivalRate: 5_000, outcomeRate: 5_000 }), 12, 'arrivals'],
    [
      'ignores lanes without work',
      [...lanes(3, { backlog: 1e6, outcomeRate: 1 }), ...lanes(9, {})],
      3,
      'backlog',
    ],
    ['ignores a stalled lane', lanes(12, { arrivalRate: 900, backlog: 1e6, state: 'stalled' }), 2, 'minimum'],
    // 12 × 350 ÷ 700
    [
      'ignores the backlog of a lane that stands',
      lanes(12, { arrivalRate: 350, backlog: 1e6, state: 'still' }),
      6,
      'arrivals',
    ],
  ])('%s', (_what, given, workers, because) => {
    expect(decide(demand(given))).toMatchObject({ workers, because });
  });

  it('stays while nothing moves, whatever waits', () => {
    const halted = demand(lanes(12, { arrivalRate: 900, backlog: 1e6 }), { isHalted: true });
    expect(decide(halted, 5)).toMatchObject({ workers: 5, because: 'halted' });
  });

  it('gets one more a minute while a lane falls far behind although it moves', () => {
    const behind = [
      lane({ arrivalRate: 100, outcomeRate: 50, backlog: 4_000 }),
      ...lanes(11, { arrivalRate: 1 }),
    ];
    expect(decide(demand(behind, { monotonicMs: 59_999 }), 3).workers).toBe(3);
    expect(decide(demand(behind, { monotonicMs: 60_000 }), 3).workers).toBe(4);
  });
});

/** Readings every two seconds, with a load per lane that changes now and then. */
const loads = fc.array(
  fc.record({
    readings: fc.integer({ min: 1, max: 320 }),
    arrivalRate: fc.integer({ min: 0, max: 1_200 }),
    backlog: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 20_000 })),
    state: fc.constantFrom('moving' as const, 'still' as const),
    isHalted: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
  }),
  { minLength: 1, maxLength: 8 },
);

function play(
  phases: readonly (Omit<LaneDemand, 'outcomeRate'> & { readings: number; isHalted: boolean })[],
) {
  const steps: { ms: number; before: number; after: number; needed: number; isHalted: boolean }[] = [];
  let memory = newMemory(2, 0);
  let ms = 0;
  for (const { readings, isHalted, ...change } of phases) {
    for (let n = 0; n < readings; n += 1) {
      ms += 2_000;
      const before = memory.workers;
      const own = lanes(12, { ...change, outcomeRate: change.arrivalRate + 1 });
      const decision = decideWorkers(demand(own, { monotonicMs: ms, isHalted }), limits, memory);
      memory = decision.memory;
      steps.push({ ms, before, after: decision.workers, needed: decision.needed, isHalted });
    }
  }
  return steps;
}

it('a load that swings by a few percent around a whole number of workers causes no step', () => {
  const around = [332, 338, 332, 338].map((arrivalRate) => {
    return { readings: 320, arrivalRate, backlog: 0, state: 'moving' as const, isHalted: false };
  });
  // 12 × 332 ÷ 700 = 5.7, and 12 × 338 ÷ 700 = 5.8
  const six = play(around).filter(({ before, after }) => before !== after);
  expect(six.map(({ after }) => after)).toEqual([6]);
  // 12 × 346 ÷ 700 = 5.93, and 12 × 353 ÷ 700 = 6.05
  const seven = play(around.map((phase, n) => ({ ...phase, arrivalRate: n % 2 === 0 ? 353 : 346 })));
  expect(seven.filter(({ before, after }) => before !== after).map(({ after }) => after)).toEqual([7]);
});

describe('any load', () => {
  it('gets a number between the limits, which never changes while nothing moves', () => {
    fc.assert(
      fc.property(loads, (phases) => {
        for (const { before, after, isHalted } of play(phases)) {
          expect(after).toBeGreaterThanOrEqual(limits.workersMin);
          expect(after).toBeLessThanOrEqual(limits.workersMax);
          if (isHalted) expect(after).toBe(before);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('undoes no step down within ten minutes, unless more is needed than in the ten minutes before it', () => {
    fc.assert(
      fc.property(loads, (phases) => {
        const steps = play(phases);
        for (const [index, up] of steps.entries()) {
          if (up.after <= up.before) continue;
          const down = steps.slice(0, index).findLast(({ before, after }) => after < before);
          if (down === undefined || up.ms - down.ms >= stepDownHoldMs) continue;
          const known = steps.filter(
            ({ ms, isHalted }) => !isHalted && ms <= down.ms && ms > down.ms - stepDownHoldMs,
          );
          expect(up.needed).toBeGreaterThan(1.1 * Math.max(...known.map(({ needed }) => needed)));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('steps up by more than a tenth, because the autoscaler ignores less', () => {
    fc.assert(
      fc.property(loads, (phases) => {
        for (const { before, after } of play(phases))
          if (after > before) expect(after / before).toBeGreaterThan(1.1);
      }),
      { numRuns: 60 },
    );
  });
});

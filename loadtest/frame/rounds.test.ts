import { expect, it } from 'vitest';
import { runRounds } from './rounds.ts';
import type { RunResult, Sample, Variant } from './types.ts';

const good: RunResult = { ok: true, sample: { orders: 1, seconds: 1 } as Sample };

it('begins each round with another variant, and checks after all variants of the round', async () => {
  const steps: string[] = [];
  const variant = (name: string, check?: Variant['check']): Variant => ({
    name,
    run: async (round) => {
      steps.push(`${name}${round}`);
      return good;
    },
    ...(check === undefined ? {} : { check }),
  });
  const judged = variant('b', async (round, result) => {
    steps.push(`check${round}`);
    return round === 0 ? { ok: false, problem: 'two orders are missing' } : result;
  });
  const { results } = await runRounds([variant('a'), judged], 2, () => undefined);
  expect(steps).toEqual(['a0', 'b0', 'check0', 'b1', 'a1', 'check1']);
  expect(results.get('a')).toEqual([good, good]);
  expect(results.get('b')).toEqual([{ ok: false, problem: 'two orders are missing' }, good]);
});

it('a run that throws has no number, and is not checked', async () => {
  const broken: Variant = {
    name: 'broken',
    run: () => Promise.reject(new Error('no server')),
    check: async () => good,
  };
  const { results } = await runRounds([broken], 1, () => undefined);
  expect(results.get('broken')).toEqual([{ ok: false, problem: 'no server' }]);
});

import { expect, it } from 'vitest';
import type { Difference } from './finding-kinds.ts';
import { createLasting } from './lasting.ts';
import { createTally } from './tally.ts';

const changed = (n: number): Difference => ({
  kind: 'OUTCOME_CHANGED',
  subject: `0-${n}`,
  expected: '',
  actual: '',
});

it('keeps differences until they are stored, and drops no later differences', () => {
  const lasting = createLasting();
  lasting.add(changed(1));
  lasting.addTo(createTally([], 10));
  const tally = createTally([], 10);
  const stored = lasting.addTo(tally);
  lasting.add(changed(2));
  stored();
  expect(tally.kept().map(({ subject }) => subject)).toEqual(['0-1']);
  const next = createTally([], 10);
  lasting.addTo(next);
  expect(next.kept().map(({ subject }) => subject)).toEqual(['0-2']);
});

it('counts differences without room', () => {
  const lasting = createLasting();
  for (let n = 0; n < 1_500; n++) lasting.add(changed(n));
  const tally = createTally([], 5_000);
  const stored = lasting.addTo(tally);
  lasting.add(changed(2_000));
  stored();
  expect([tally.found('OUTCOME_CHANGED'), tally.keptOf('OUTCOME_CHANGED')]).toEqual([1_500, 1_000]);
  const next = createTally([], 5_000);
  lasting.addTo(next);
  expect(next.found('OUTCOME_CHANGED')).toBe(1);
});

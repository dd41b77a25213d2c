import { expect, it } from 'vitest';
import { createHealth } from './health.ts';

it('reports work that fails for more than a moment, until it succeeds', () => {
  let nowMs = 0;
  const health = createHealth({ nowMs: () => nowMs, monotonicMs: () => nowMs });
  health.failed('the check book fails', 'no database');
  expect(health.check()).toBe(true);
  nowMs = 12_000;
  health.failed('the check book fails', 'no database');
  expect(health.check()).toBe('the check book fails for 12 s: no database');
  health.done('the check book fails');
  expect(health.check()).toBe(true);
});

import { expect, test } from 'vitest';
import { createUsage } from './usage.ts';

function usageAt() {
  const clock = { ms: 0, monotonicMs: () => clock.ms };
  const usage = createUsage(clock);
  const note = (callerId: string, times: number) => {
    for (let i = 0; i < times; i++) usage.note(callerId);
  };
  return { clock, usage, note };
}

test('a caller with few requests is light beside a caller with many', () => {
  const { usage, note } = usageAt();
  note('greedy', 1_000);
  note('modest', 40);
  expect([usage.isLight('modest'), usage.isLight('greedy'), usage.isLight('new')]).toEqual([
    true,
    false,
    true,
  ]);
});

test('no caller is light if all use the same, or if there is only one', () => {
  const { usage, note } = usageAt();
  note('alone', 5);
  expect(usage.isLight('alone')).toBe(false);
  for (let n = 0; n < 50; n++) note(`caller ${n}`, 20);
  expect(usage.isLight('caller 7')).toBe(false);
});

test('usage is forgotten after a second or two', () => {
  const { clock, usage, note } = usageAt();
  note('greedy', 1_000);
  clock.ms += 1_000;
  note('modest', 1);
  expect(usage.isLight('modest')).toBe(true);
  clock.ms += 2_000;
  note('modest', 1);
  expect(usage.isLight('modest')).toBe(false);
});

import { expect, it, vi } from 'vitest';
import type { Logger } from '../../log/index.ts';
import { createThrottledLog } from './throttled-log.ts';

it('writes a text once per interval and counts the omitted repeats', () => {
  const warn = vi.fn();
  let now = 0;
  const throttled = createThrottledLog({ warn } as unknown as Logger, 1_000, () => now);
  for (; now < 2_500; now += 100) throttled('warn', { now }, 'away');
  throttled('warn', {}, 'other');
  expect(warn.mock.calls).toEqual([
    [{ now: 0 }, 'away'],
    [{ now: 1_000, leftOut: 9 }, 'away'],
    [{ now: 2_000, leftOut: 9 }, 'away'],
    [{}, 'other'],
  ]);
});

it('remembers a bounded number of texts', () => {
  const info = vi.fn();
  const throttled = createThrottledLog({ info } as unknown as Logger, 1_000, () => 0);
  for (let i = 0; i < 500; i++) throttled('info', {}, `text ${i}`);
  throttled('info', {}, 'text 499');
  throttled('info', {}, 'text 0');
  expect(info).toHaveBeenCalledTimes(501);
});

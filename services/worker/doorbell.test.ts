import { describe, expect, it, vi } from 'vitest';
import { createDoorbell } from './doorbell.ts';

const longMs = 60_000;

describe('the doorbell', () => {
  it('wakes who waits', async () => {
    const bell = createDoorbell();
    const waiting = bell.wait(longMs);
    bell.ring();
    await waiting;
    expect(bell.rung).toBe(true);
  });

  it('remembers a ring that nobody heard, until it is reset', async () => {
    const bell = createDoorbell();
    bell.ring();
    await bell.wait(longMs);
    await bell.wait(longMs);
    bell.reset();
    expect(bell.rung).toBe(false);
  });

  it('gathers what comes in the same turn of the event loop', async () => {
    const bell = createDoorbell();
    let arrived = 0;
    const waiting = bell.wait(longMs).then(() => arrived);
    for (let index = 0; index < 5; index += 1) {
      arrived += 1;
      bell.ring();
      await Promise.resolve();
    }
    expect(await waiting).toBe(5);
  });

  it('ends a wait by itself, and is not rung then', async () => {
    vi.useFakeTimers();
    try {
      const bell = createDoorbell();
      const waiting = bell.wait(100);
      await vi.advanceTimersByTimeAsync(100);
      await waiting;
      expect(bell.rung).toBe(false);
      expect(vi.getTimerCount()).toBe(0);
      bell.ring();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

import { describe, expect, it } from 'vitest';
import type { Token } from './token.ts';
import { createTokenCache } from './token-cache.ts';

/** A cache on a clock of its own. `answers` are given in order. */
function cacheOf(...answers: (Token | Error)[]) {
  const clock = { nowMs: 0 };
  let asked = 0;
  const token = createTokenCache(
    async () => {
      const answer = answers[asked++];
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('asked too often');
      return answer;
    },
    () => clock.nowMs,
  );
  return { token, clock, asked: () => asked };
}

const lasting = (value: string): Token => ({ value, lifetimeMs: 100 });

describe('a token', () => {
  it('is used for 80 % of its lifetime and then replaced', async () => {
    const { token, clock, asked } = cacheOf(lasting('one'), lasting('two'));
    expect(await token()).toBe('one');
    clock.nowMs = 79;
    expect(await token()).toBe('one');
    expect(asked()).toBe(1);
    clock.nowMs = 80;
    expect(await token()).toBe('two');
    clock.nowMs = 159;
    expect(await token()).toBe('two');
  });

  it('is requested once for callers at the same time', async () => {
    const { token, asked } = cacheOf(lasting('one'));
    expect(await Promise.all([token(), token(), token()])).toEqual(['one', 'one', 'one']);
    expect(asked()).toBe(1);
  });

  it('serves until it expires if there is no new one', async () => {
    const { token, clock } = cacheOf(
      lasting('one'),
      new Error('down'),
      new Error('still down'),
      lasting('two'),
    );
    await token();
    clock.nowMs = 99;
    expect(await token()).toBe('one');
    clock.nowMs = 100;
    await expect(token()).rejects.toThrow('still down');
    expect(await token()).toBe('two');
  });

  it('is not kept if its source does not say how long it lasts', async () => {
    const { token } = cacheOf({ value: 'one', lifetimeMs: null }, { value: 'two', lifetimeMs: null });
    expect([await token(), await token()]).toEqual(['one', 'two']);
  });
});

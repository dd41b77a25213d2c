import { describe, expect, it, vi } from 'vitest';
import { appError } from '../errors/index.ts';
import { backoff, retry, sleep } from './index.ts';

const atOnce = () => 0;

describe('backoff', () => {
  it('doubles up to its maximum and returns a random part of it', () => {
    const delay = backoff({ initialMs: 100, maxMs: 1000, random: () => 1 });
    expect([1, 2, 3, 4, 5, 50].map(delay)).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(backoff({ initialMs: 100, maxMs: 1000, random: () => 0 })(9)).toBe(0);
  });
});

describe('retry', () => {
  it('returns the first result, and counts its attempts from 1', async () => {
    const fn = vi.fn(async (attempt: number) => {
      if (attempt < 3) throw appError('MYSQL_DEADLOCK');
      return attempt;
    });
    await expect(retry(fn, { attempts: 5, backoff: atOnce })).resolves.toBe(3);
  });

  it('throws the last error unchanged when the attempts are used up', async () => {
    const fn = vi.fn().mockRejectedValue(appError('MYSQL_DEADLOCK'));
    await expect(retry(fn, { attempts: 2, backoff: atOnce })).rejects.toMatchObject({
      code: 'MYSQL_DEADLOCK',
    });
    expect(fn).toHaveBeenCalledTimes(2);
  });

  it('does not retry a permanent error', async () => {
    const fn = vi.fn().mockRejectedValue(appError('MYSQL_SCHEMA'));
    await expect(retry(fn, { attempts: 5, backoff: atOnce })).rejects.toMatchObject({ code: 'MYSQL_SCHEMA' });
    expect(fn).toHaveBeenCalledTimes(1);
  });

  it('ends its wait when the signal aborts', async () => {
    const abort = new AbortController();
    const fn = vi.fn().mockImplementation(async () => {
      abort.abort();
      throw appError('MYSQL_DEADLOCK');
    });
    const running = retry(fn, {
      attempts: Number.POSITIVE_INFINITY,
      backoff: () => 60_000,
      signal: abort.signal,
    });
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
    expect(fn).toHaveBeenCalledTimes(1);
  });
});

describe('sleep', () => {
  it('rejects at once if the signal has already fired', async () => {
    await expect(sleep(60_000, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

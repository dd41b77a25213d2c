import { expect, test } from 'vitest';
import type { Failure } from '../common/failure.ts';
import { createReadTurns } from './reads.ts';

function readsOf(limits = { runningMax: 3, runningPerCallerMax: 2, waitingPerCallerMax: 5 }) {
  const reads = createReadTurns(limits);
  const running: { caller: string; end: () => void }[] = [];
  const read = (caller: string): Promise<string | Failure> =>
    reads.run(
      caller,
      () =>
        new Promise((resolve) => {
          running.push({ caller, end: () => resolve(caller) });
        }),
    );
  const callers = () => running.map(({ caller }) => caller);
  /** Ends the oldest read of a caller. */
  const end = async (caller: string): Promise<void> => {
    const at = running.findIndex((one) => one.caller === caller);
    running.splice(at, 1)[0]!.end();
    await new Promise(setImmediate);
  };
  return { read, callers, end };
}

test('the reads of one caller leave room for others, and the callers take turns', async () => {
  const { read, callers, end } = readsOf();
  const all = [read('greedy'), read('greedy'), read('greedy'), read('greedy')];
  await expect.poll(callers).toEqual(['greedy', 'greedy']);
  all.push(read('modest'));
  await expect.poll(callers).toEqual(['greedy', 'greedy', 'modest']);
  all.push(read('other'), read('greedy'));
  await end('greedy');
  expect(callers()).toEqual(['greedy', 'modest', 'greedy']);
  await end('greedy');
  expect(callers()).toEqual(['modest', 'greedy', 'other']);
  await end('modest');
  await end('other');
  for (let left = 3; left > 0; left--) await end('greedy');
  expect(await Promise.all(all)).toEqual([
    'greedy',
    'greedy',
    'greedy',
    'greedy',
    'modest',
    'other',
    'greedy',
  ]);
});

test('refuses a caller with too many reads, but not another caller', async () => {
  const { read, callers, end } = readsOf({ runningMax: 2, runningPerCallerMax: 1, waitingPerCallerMax: 1 });
  const first = [read('greedy'), read('greedy')];
  expect(await read('greedy')).toMatchObject({ code: 'SHARE_USED_UP' });
  const modest = read('modest');
  await expect.poll(callers).toEqual(['greedy', 'modest']);
  await end('modest');
  expect(await modest).toBe('modest');
  await end('greedy');
  await end('greedy');
  await Promise.all(first);
});

test('a failed read returns its turn', async () => {
  const reads = createReadTurns({ runningMax: 1, runningPerCallerMax: 1, waitingPerCallerMax: 1 });
  const cause = new Error('away');
  expect(await reads.run('a', () => Promise.reject(cause))).toMatchObject({
    code: 'STATE_UNAVAILABLE',
    cause,
  });
  expect(await reads.run('a', async () => 7)).toBe(7);
});

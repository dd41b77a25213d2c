import { expect, test } from 'vitest';
import { until } from './until.ts';

test('returns the first truthy answer', async () => {
  let asked = 0;
  expect(await until(() => (++asked === 3 ? 'yes' : null), { what: 'a third try', everyMs: 1 })).toBe('yes');
});

test('treats an error as "not yet" and names the last one after the deadline', async () => {
  const never = until(() => Promise.reject(new Error('away')), {
    what: 'the server',
    deadlineMs: 20,
    everyMs: 1,
  });
  await expect(never).rejects.toThrow(
    /the server did not happen within 20 ms; the last try failed: Error: away/,
  );
});

test('shows the last answer', async () => {
  await expect(until(() => 0, { what: 'a count', deadlineMs: 5, everyMs: 1 })).rejects.toThrow(
    /last answer was 0/,
  );
});

test('does not count time that a busy machine takes from this process', async () => {
  // One turn of the event loop takes far longer than the deadline, as if other programs used both cores.
  const starve = (): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  let asked = 0;
  const answer = until(
    () => {
      setImmediate(starve);
      return ++asked === 4 ? 'yes' : null;
    },
    { what: 'a fourth try', deadlineMs: 80, everyMs: 1 },
  );
  expect(await answer).toBe('yes');
});

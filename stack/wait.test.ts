import { expect, test } from 'vitest';
import { waitUntil } from './wait.ts';

test('repeats the query until it is answered', async () => {
  let asked = 0;
  await waitUntil(
    async () => {
      asked += 1;
      if (asked < 3) throw new Error('not yet');
    },
    { what: 'it', deadlineMs: 5_000 },
  );
  expect(asked).toBe(3);
});

test('names the server that did not answer, and its last error', async () => {
  const never = waitUntil(() => Promise.reject(new Error('refused')), { what: 'kafka', deadlineMs: 0 });
  await expect(never).rejects.toThrow('kafka did not answer within 0 s: refused');
});

test('gives up at once if waiting is pointless', async () => {
  const dead = waitUntil(() => Promise.reject(new Error('refused')), {
    what: 'kafka',
    deadlineMs: 60_000,
    hopeless: () => 'kafka has died.',
  });
  await expect(dead).rejects.toThrow('kafka has died.');
});

import { expect, it } from 'vitest';
import { keepWorking } from './keep-working.ts';

it('stops the work and starts it again on request, once for each start', async () => {
  const seen: string[] = [];
  const renewals: (() => void)[] = [];
  const failures: unknown[] = [];
  const work = await keepWorking({
    async start(renew) {
      const number = renewals.push(renew);
      seen.push(`start ${number}`);
      return { stop: async () => void seen.push(`stop ${number}`) };
    },
    signal: new AbortController().signal,
    fatal: (error) => failures.push(error),
  });
  renewals[0]!();
  renewals[0]!();
  await expect.poll(() => renewals.length, { timeout: 5_000 }).toBe(2);
  renewals[0]!();
  await work.stop();
  expect(seen).toEqual(['start 1', 'stop 1', 'start 2', 'stop 2']);
  expect(failures).toEqual([]);
});

it('ends with the error of a later start', async () => {
  const failures: unknown[] = [];
  let starts = 0;
  let renew = (): void => undefined;
  const work = await keepWorking({
    async start(ask) {
      renew = ask;
      if (++starts === 2) throw new Error('no registry');
      return { stop: async () => undefined };
    },
    signal: new AbortController().signal,
    fatal: (error) => failures.push(error),
  });
  renew();
  await expect.poll(() => failures.map(String), { timeout: 5_000 }).toEqual(['Error: no registry']);
  await work.stop();
});

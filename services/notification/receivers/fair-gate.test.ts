import { expect, it } from 'vitest';
import { createFairGate } from './fair-gate.ts';

it('lets keys take turns, however many tasks one of them has', async () => {
  const gate = createFairGate({ slotsInAll: 1, slotsEach: 1, waitingEach: 100 });
  const order: string[] = [];
  const task = (name: string) => async () => void order.push(name);
  const all = [
    ...Array.from({ length: 5 }, (_, n) => gate.run('greedy', task(`greedy ${n}`))),
    gate.run('one', task('one')),
    gate.run('two', task('two')),
  ];
  await Promise.all(all);
  expect(order.slice(0, 4)).toEqual(['greedy 0', 'one', 'two', 'greedy 1']);
  expect(order).toHaveLength(7);
  expect(gate.size()).toBe(0);
});

it('gives no key more than its slots, and all keys together no more than the total', async () => {
  const gate = createFairGate({ slotsInAll: 5, slotsEach: 2, waitingEach: 100 });
  const running = new Map<string, number>();
  let most = 0;
  const task = (key: string) => async () => {
    running.set(key, (running.get(key) ?? 0) + 1);
    expect(running.get(key)).toBeLessThanOrEqual(2);
    most = Math.max(
      most,
      running.values().reduce((sum, count) => sum + count, 0),
    );
    await new Promise((done) => setTimeout(done, 1));
    running.set(key, running.get(key)! - 1);
  };
  const keys = ['a', 'b', 'c', 'd'];
  await Promise.all(Array.from({ length: 80 }, (_, n) => gate.run(keys[n % 4]!, task(keys[n % 4]!))));
  expect(most).toBe(5);
});

it('refuses tasks beyond the queue, and frees the slot of a task that fails', async () => {
  const gate = createFairGate({ slotsInAll: 9, slotsEach: 1, waitingEach: 1 });
  const hanging = Promise.withResolvers<string>();
  const first = gate.run('a', () => hanging.promise);
  const second = gate.run('a', () => Promise.reject(new Error('broken')));
  expect(gate.room('a')).toBe(0);
  expect(await gate.run('a', async () => 'never')).toEqual({ turnedAway: 1 });
  expect(await gate.run('a', async () => 'never')).toEqual({ turnedAway: 2 });
  hanging.resolve('well');
  expect(await first).toEqual({ done: 'well' });
  await expect(second).rejects.toThrow('broken');
  expect(await gate.run('a', async () => 'again')).toEqual({ done: 'again' });
});

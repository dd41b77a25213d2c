import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createNewestMap } from './newest-map.ts';

it('keeps the same entries as a Map that evicts its oldest entry, and returns evicted entries', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.nat({ max: 12 }), { maxLength: 6_000, size: 'max' }),
      (max, keys) => {
        const map = createNewestMap<number, string>(max);
        const model = new Map<number, string>();
        for (const [n, key] of keys.entries()) {
          model.delete(key);
          model.set(key, `${key}.${n}`);
          const [oldest, forgotten] = model.size > max ? model.entries().next().value! : [];
          if (oldest !== undefined) model.delete(oldest);
          expect(map.set(key, `${key}.${n}`)).toBe(forgotten);
        }
        expect(map.size).toBe(model.size);
        expect(map.values().toSorted()).toEqual([...model.values()].toSorted());
        for (let key = 0; key <= 12; key++)
          expect([map.has(key), map.get(key)]).toEqual([model.has(key), model.get(key)]);
      },
    ),
    { numRuns: 200 },
  );
});

it('evicts in constant time', () => {
  const map = createNewestMap<number, number>(50_000);
  const { user } = process.cpuUsage();
  for (let n = 0; n < 400_000; n++) map.set(n, n);
  expect((process.cpuUsage().user - user) / 1_000).toBeLessThan(2_000);
  expect([map.size, map.get(349_999), map.get(350_000)]).toEqual([50_000, undefined, 350_000]);
});

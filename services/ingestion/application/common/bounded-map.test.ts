import { expect, test } from 'vitest';
import { createBoundedMap } from './bounded-map.ts';

test('keeps the young half at least, and never more than the bound', () => {
  const map = createBoundedMap<number, number>(10);
  for (let n = 0; n < 1_000; n++) {
    map.set(n, n);
    for (let back = 0; back < 5 && back <= n; back++) expect(map.get(n - back)).toBe(n - back);
  }
  const held = Array.from({ length: 1_000 }, (_, n) => map.get(n)).filter((value) => value !== undefined);
  expect(held.length).toBeLessThanOrEqual(10);
});

test('get returns the newest value of a key', () => {
  const map = createBoundedMap<string, number>(4);
  map.set('a', 1);
  map.set('b', 1);
  map.set('c', 1);
  map.set('a', 2);
  expect(map.get('a')).toBe(2);
  expect(map.get('x')).toBeUndefined();
});

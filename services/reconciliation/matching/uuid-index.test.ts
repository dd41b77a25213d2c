import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { uuidToBytes } from '../../shared/mysql/index.ts';
import { createUuidIndex } from './uuid-index.ts';

it('finds each of many ids by text and by bytes, and returns it as text', () => {
  const index = createUuidIndex();
  const ids = Array.from({ length: 5_000 }, () => randomUUID() as string);
  for (const [entry, id] of ids.entries()) expect(index.findOrAdd(id, 5_000)).toBe(entry);
  for (const [entry, id] of ids.entries()) {
    expect([index.find(id), index.findBytes(uuidToBytes(id)), index.idOf(entry)]).toEqual([entry, entry, id]);
  }
  expect([index.find(randomUUID()), index.size()]).toEqual([-1, 5_000]);
});

it('tells ids apart that differ in one bit', () => {
  const index = createUuidIndex();
  const ids = Array.from({ length: 32 }, (_, digit) => {
    const digits = `${'0'.repeat(digit)}1${'0'.repeat(31 - digit)}`;
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  });
  expect(ids.map((id) => index.findOrAdd(id, 100))).toEqual(ids.map((_, entry) => entry));
  expect(ids.map((id) => index.findOrAdd(id, 100))).toEqual(ids.map((_, entry) => entry));
});

it('adds no id beyond the limit, and still finds the others', () => {
  const index = createUuidIndex();
  const [first, second] = [randomUUID(), randomUUID()];
  expect([first, second, first].map((id) => index.findOrAdd(id, 1))).toEqual([0, -1, 0]);
});

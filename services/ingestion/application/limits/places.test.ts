import { expect, test } from 'vitest';
import { createPlaces } from './places.ts';

/** Takes until it is refused; the places that were taken, and why no more. */
function takeAll(places: ReturnType<typeof createPlaces>, callerId: string) {
  for (let taken = 0; ; taken++) {
    const refusal = places.take(callerId);
    if (refusal !== null) return [taken, refusal];
  }
}

test('one caller gets half, the next half of the rest, and a caller with none gets one', () => {
  const places = createPlaces(1_000);
  expect(takeAll(places, 'greedy')).toEqual([500, 'share']);
  expect(takeAll(places, 'second')).toEqual([250, 'share']);
  for (let i = 0; i < 200; i++) expect(places.take(`modest ${i}`)).toBeNull();
});

test('a caller that releases one may take one again', () => {
  const places = createPlaces(10);
  expect(takeAll(places, 'a')).toEqual([5, 'share']);
  places.give('a');
  expect(places.take('a')).toBeNull();
  for (let i = 0; i < 5; i++) places.give('a');
  expect(places.taken()).toBe(0);
  expect(takeAll(places, 'b')).toEqual([5, 'share']);
});

test('a full house is full for everybody', () => {
  const places = createPlaces(3);
  for (const caller of ['a', 'b', 'c']) expect(places.take(caller)).toBeNull();
  expect(places.take('d')).toBe('full');
});

test('the only place, or all of them at once, may be the first caller’s', () => {
  expect(createPlaces(1).take('a')).toBeNull();
  expect(createPlaces(8).take('a', 8)).toBeNull();
  expect(createPlaces(8).take('a', 9)).toBe('full');
});

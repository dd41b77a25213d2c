import { expect, test } from 'vitest';
import { createCallerSlots } from './caller-slots.ts';

/** Takes slots until a refusal. Returns the number of taken slots and the reason for the refusal. */
function takeAll(slots: ReturnType<typeof createCallerSlots>, callerId: string) {
  for (let taken = 0; ; taken++) {
    const refusal = slots.take(callerId);
    if (refusal !== null) return [taken, refusal];
  }
}

test('one caller gets half, the next caller half of the rest, and a caller without slots gets one', () => {
  const slots = createCallerSlots(1_000);
  expect(takeAll(slots, 'greedy')).toEqual([500, 'caller']);
  expect(takeAll(slots, 'second')).toEqual([250, 'caller']);
  for (let i = 0; i < 200; i++) expect(slots.take(`modest ${i}`)).toBeNull();
});

test('a caller that releases one may take one again', () => {
  const slots = createCallerSlots(10);
  expect(takeAll(slots, 'a')).toEqual([5, 'caller']);
  slots.give('a');
  expect(slots.take('a')).toBeNull();
  for (let i = 0; i < 5; i++) slots.give('a');
  expect(slots.taken()).toBe(0);
  expect(takeAll(slots, 'b')).toEqual([5, 'caller']);
});

test('when all slots are taken, every caller is refused', () => {
  const slots = createCallerSlots(3);
  for (const caller of ['a', 'b', 'c']) expect(slots.take(caller)).toBeNull();
  expect(slots.take('d')).toBe('all');
});

test('the first caller may take the only slot, or all slots at once', () => {
  expect(createCallerSlots(1).take('a')).toBeNull();
  expect(createCallerSlots(8).take('a', 8)).toBeNull();
  expect(createCallerSlots(8).take('a', 9)).toBe('all');
});

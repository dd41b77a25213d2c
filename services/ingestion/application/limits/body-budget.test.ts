import { expect, test } from 'vitest';
import { createBodies } from './body-budget.ts';

function bodiesAt() {
  const clock = { ms: 0, monotonicMs: () => clock.ms };
  const limits = { receivingBytesMax: 1_000, wastedBytesMax: 300, wastedBytesPerSecond: 100 };
  return { clock, bodies: createBodies(limits, clock) };
}

test('the bodies of one caller leave room for the bodies of others', () => {
  const { bodies } = bodiesAt();
  for (let i = 0; i < 5; i++) expect(bodies.begin('greedy', 100)).toBeNull();
  expect(bodies.begin('greedy', 100)).toBe('receiving');
  expect(bodies.begin('modest', 100)).toBeNull();
  bodies.end('modest', 100, false);
  bodies.end('greedy', 100, false);
  expect(bodies.begin('greedy', 100)).toBeNull();
});

test('wasted bytes count against their caller, and the count decays with time', () => {
  const { bodies, clock } = bodiesAt();
  for (let i = 0; i < 4; i++) {
    expect(bodies.begin('cutting', 100)).toBeNull();
    bodies.end('cutting', 100, true);
  }
  expect(bodies.begin('cutting', 100)).toBe('wasted');
  expect(bodies.begin('modest', 100)).toBeNull();
  clock.ms += 1_001;
  expect(bodies.begin('cutting', 100)).toBeNull();
});

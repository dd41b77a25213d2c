/** What the policy of the observer must reach. `npm run scaling` plays more, with the policy before beside it. */
import { expect, it } from 'vitest';
import { lagPolicy, observerPolicy } from './policies.ts';
import { scenarios } from './scenarios.ts';
import { simulate } from './simulate.ts';

const scenario = (start: string) => scenarios.find(({ name }) => name.startsWith(start))!;

it('has fewer than two steps an hour at a steady load, where the lag alone has ten', () => {
  const short = { ...scenario('steady 8,000'), seconds: 1_800 + 3_600 };
  expect(simulate(short, observerPolicy()).stepsAnHour).toBeLessThan(2);
  expect(simulate(short, lagPolicy()).stepsAnHour).toBeGreaterThan(10);
});

it('is at most 30 s above the objective after a burst of five times the load', () => {
  const short = { ...scenario('burst'), seconds: 2_400 + 400 };
  // The autoscaler looked right before the burst, so it looks again as late as possible.
  const late = [0, 4, 9].map((phase) => simulate(short, observerPolicy(), { phase }).secondsLate);
  expect(Math.max(...late)).toBeLessThanOrEqual(30);
  expect(Math.min(...late), 'the burst is noticed').toBeGreaterThan(0);
});

it.each(['stalled lane', 'database stands', 'Kafka is away'])('adds no worker: %s', (start) => {
  const short = { ...scenario(start), seconds: 2_400 + 660 };
  const played = simulate(short, observerPolicy());
  expect(played.addedInFault).toBe(0);
  expect(played.replicasMin, 'and removes none').toBe(5);
});

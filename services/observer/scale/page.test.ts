import { expect, it } from 'vitest';
import { type Answered, scalePage } from './page.ts';

const answered: Answered = {
  ...{ monotonicMs: 1_000, workers: 4, needed: 3.456, because: 'arrivals', workerRate: 1_900.5 },
  flow: { arrivalRate: 4_000, outcomeRate: 4_001.234, backlog: 12, drainSeconds: null },
};

it('answers with the number of workers and its reasons', () => {
  expect(scalePage(answered, 31_000)).toEqual({
    status: 200,
    body: {
      ...{ workers: 4, because: 'arrivals', neededWorkers: 3.46, workerRate: 1_900.5, arrivalRate: 4_000 },
      ...{ outcomeRate: 4_001.23, backlog: 12, drainSeconds: null },
    },
  });
});

it('has no answer before two readings, and none that is older than 30 s', () => {
  expect(scalePage(null, 0).status).toBe(503);
  expect(scalePage(answered, 31_001)).toEqual({
    status: 503,
    body: { status: 'the last reading is 30 s old' },
  });
});

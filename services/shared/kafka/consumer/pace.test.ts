import { expect, test } from 'vitest';
import { createPace, type FetchPace } from './pace.ts';

const pace: FetchPace = { quietMs: 15, busyMs: 250, busyPerSecond: 200 };

/**
 * Fetches for `seconds` in simulated time. A fetch waits for the first record, 250 ms at most, and gets all
 * available records.
 */
async function simulate(paceOf: FetchPace, perSecond: number, seconds: number, isBehind = false) {
  let nowMs = 0;
  const sleep = async (ms: number) => {
    nowMs += ms;
  };
  const { turn, fetched } = createPace(
    () => paceOf,
    undefined,
    () => nowMs,
    sleep,
  );
  const starts: number[] = [];
  let takenUntilMs = 0;
  let latestMs = 0;
  while (nowMs < seconds * 1_000) {
    await turn();
    starts.push(nowMs);
    const nextMs = (Math.floor((takenUntilMs * perSecond) / 1_000) + 1) * (1_000 / perSecond);
    nowMs = Math.max(nowMs + 1, Math.min(nextMs, nowMs + 250));
    const records = Math.floor((nowMs * perSecond) / 1_000) - Math.floor((takenUntilMs * perSecond) / 1_000);
    if (records > 0) latestMs = Math.max(latestMs, nowMs - nextMs);
    takenUntilMs = nowMs;
    fetched(records, isBehind);
  }
  const late = starts.slice(Math.floor(starts.length / 2));
  return { betweenMs: (late.at(-1)! - late[0]!) / (late.length - 1), latestMs };
}

test('on a quiet topic a record is delivered within the quiet spacing', async () => {
  expect((await simulate(pace, 2, 20)).latestMs).toBeLessThanOrEqual(20);
});

test('on a busy topic fetches begin far apart', async () => {
  expect((await simulate(pace, 1_500, 20)).betweenMs).toBeCloseTo(250, -1);
});

test('the spacing grows with the rate', async () => {
  const spacings = await Promise.all([20, 50, 100, 150].map((perSecond) => simulate(pace, perSecond, 20)));
  const all = spacings.map(({ betweenMs }) => betweenMs);
  expect(all).toEqual(all.toSorted((a, b) => a - b));
});

test('a reader that is behind does not wait', async () => {
  expect((await simulate(pace, 1_500, 20, true)).betweenMs).toBeLessThanOrEqual(16);
});

test('the pace is quick again within seconds after the load', async () => {
  let nowMs = 0;
  const sleeps: number[] = [];
  const { turn, fetched } = createPace(
    () => pace,
    undefined,
    () => nowMs,
    async (ms) => {
      sleeps.push(ms);
      nowMs += ms;
    },
  );
  for (let n = 0; n < 40; n += 1) {
    await turn();
    fetched(1_000, false);
  }
  expect(sleeps.at(-1)).toBe(250);
  for (const endMs = nowMs + 8_000; nowMs < endMs; nowMs += 250) {
    await turn();
    fetched(0, false);
  }
  sleeps.length = 0;
  await turn();
  await turn();
  expect(sleeps.at(-1)).toBeLessThanOrEqual(20);
});

test('a fetch that took longer than the pace is followed at once', async () => {
  let nowMs = 0;
  const { turn, fetched } = createPace(
    () => pace,
    undefined,
    () => nowMs,
    () => Promise.reject(new Error('no wait is due')),
  );
  for (let n = 0; n < 3; n += 1) {
    await turn();
    nowMs += 300;
    fetched(100, false);
  }
});

test('the pace may change, and no spacing is longer than the maximum', async () => {
  let nowMs = 0;
  let busyMs = 250;
  let lastMs = 0;
  const { turn, fetched } = createPace(
    () => ({ ...pace, busyMs }),
    600,
    () => nowMs,
    async (ms) => {
      lastMs = ms;
      nowMs += ms;
    },
  );
  const run = async () => {
    for (let n = 0; n < 40; n += 1) {
      await turn();
      fetched(1_000, false);
    }
    return lastMs;
  };
  expect(await run()).toBe(250);
  busyMs = 400;
  expect(await run()).toBe(400);
  busyMs = 1_000;
  expect(await run()).toBe(600);
});

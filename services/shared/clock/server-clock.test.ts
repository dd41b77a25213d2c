import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createMetrics, type Metrics } from '../metrics/index.ts';
import { type ServerClock, startServerClock } from './server-clock.ts';

const dayMs = 86_400_000;
const everyMs = 10_000;
/** A simulated database and machine. Only `pass` moves the time and the timers. */
let world: {
  serverMs: number;
  wallMs: number;
  monotonicMs: number;
  /** Speed of the server's clock, per ms of the machine's monotonic clock. */
  rate: number;
  away: boolean;
  /** Delays of a query and of its answer. */
  roundTripMs: [number, number];
};
let metrics: Metrics;
let clock: ServerClock;
const logged: string[] = [];
const log = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map((level) => [
    level,
    (_details: unknown, text: string) => logged.push(`${level}: ${text}`),
  ]),
) as unknown as Parameters<typeof startServerClock>[0]['log'];

beforeEach(() => {
  vi.useFakeTimers();
  world = {
    serverMs: 1_800_000_000_000,
    wallMs: 1_800_000_000_000,
    monotonicMs: 5_000.25,
    rate: 1,
    away: false,
    roundTripMs: [0, 0],
  };
  metrics = createMetrics({ service: 'test', defaults: false });
  logged.length = 0;
  clock = start();
});
afterEach(() => {
  clock.stop();
  vi.useRealTimers();
});

function start(): ServerClock {
  return startServerClock({
    async readNowMs() {
      const [there, back] = world.roundTripMs;
      if (world.away) throw new Error('the database is away');
      move(there);
      const nowMs = Math.floor(world.serverMs);
      move(back);
      return nowMs;
    },
    log,
    metrics,
    everyMs,
    local: { nowMs: () => Math.floor(world.wallMs), monotonicMs: () => world.monotonicMs },
  });
}

function move(ms: number): void {
  world.monotonicMs += ms;
  world.wallMs += ms;
  world.serverMs += ms * world.rate;
}

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    move(Math.min(left, 100));
    await vi.advanceTimersByTimeAsync(Math.min(left, 100));
  }
}

const errorMs = (): number => clock.nowMs() - world.serverMs;

it('returns the time of the database in whole milliseconds, whatever the wall clock shows', async () => {
  world.wallMs += dayMs;
  await clock.measure();
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(1);
  expect(Number.isInteger(clock.nowMs())).toBe(true);
  await pass(250);
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(1);
});

it('differs by at most half of the round trip, and a slower answer changes nothing', async () => {
  world.roundTripMs = [40, 0];
  await clock.measure();
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(21);
  world.roundTripMs = [0, 0];
  await clock.measure();
  await pass(100);
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(1);
  world.roundTripMs = [4_000, 0];
  await clock.measure();
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(1);
});

it('follows a clock that runs faster or slower than ours, and never goes backwards', async () => {
  await clock.measure();
  for (const rate of [1.0002, 0.9998]) {
    world.rate = rate;
    let beforeMs = clock.nowMs();
    for (let i = 0; i < 100; i++) {
      await pass(1_000);
      // The limit is the drift of 10 s plus the resolution.
      expect(Math.abs(errorMs())).toBeLessThanOrEqual(2 + 2);
      expect(clock.nowMs()).toBeGreaterThanOrEqual(beforeMs);
      beforeMs = clock.nowMs();
    }
  }
  expect(logged).toEqual([]);
});

it('ignores a wall clock that jumps by a day, and reports the jump in metric and log', async () => {
  await clock.measure();
  world.wallMs += dayMs;
  await pass(everyMs);
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(1);
  const shown = /^\S*clock_ahead_seconds\S* (\S+)/m.exec(await metrics.text());
  expect(Number(shown![1])).toBeCloseTo(dayMs / 1_000, 1);
  const warning =
    'warn: the clock of this machine differs from the database; the process uses the time of the database';
  expect(logged).toEqual([warning]);
  await pass(3 * everyMs);
  expect(logged).toEqual([warning]);
  world.wallMs -= dayMs;
  await pass(everyMs);
  expect(logged).toEqual([warning, 'info: the clock of this machine agrees with the database again']);
});

it('keeps its offset while the database is away', async () => {
  world.wallMs -= dayMs;
  await clock.measure();
  world.away = true;
  await pass(10 * everyMs);
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(1);
  await expect(clock.measure()).rejects.toThrow('the database is away');
});

it('fails to measure while the database is away at the start, and succeeds once it is back', async () => {
  world.wallMs -= dayMs;
  world.away = true;
  await expect(clock.measure()).rejects.toThrow('the database is away');
  await pass(2_500);
  expect(errorMs()).toBe(-dayMs);
  await expect(clock.knownMs()).rejects.toThrow('the database is away');
  world.away = false;
  expect(Math.abs((await clock.knownMs()) - world.serverMs)).toBeLessThanOrEqual(1);
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(1);
});

it('measures each second until the first measurement succeeds', async () => {
  world.wallMs -= dayMs;
  world.away = true;
  await pass(2_500);
  world.away = false;
  await pass(1_000);
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(1);
});

it('stops after a small step back of the clock of the database, until that has caught up', async () => {
  await clock.measure();
  const beforeMs = clock.nowMs();
  world.serverMs -= 5_000;
  await clock.measure();
  await pass(4_000);
  expect(clock.nowMs()).toBe(beforeMs);
  await pass(2_000);
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(1);
});

it('follows at once when the clock of the database is set back or forward by an hour', async () => {
  await clock.measure();
  clock.nowMs();
  for (const stepMs of [-3_600_000, 3_600_000]) {
    world.serverMs += stepMs;
    await pass(everyMs);
    expect(Math.abs(errorMs())).toBeLessThanOrEqual(1);
  }
  expect(logged.filter((line) => line === 'warn: the clock of the database was changed')).toHaveLength(2);
});

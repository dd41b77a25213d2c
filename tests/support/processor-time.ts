/**
 * Processor time of work, for tests of its growth. Other processes do not count, so such tests also work on a
 * busy machine.
 */

/**
 * Times for one input size (the median of several runs) and for sixteen times that size (the minimum), in ms.
 */
export interface Growth {
  readonly smallMs: number;
  readonly largeMs: number;
}

/** Creates the work for an input whose size is about `size`; creating the input is not measured. */
export type Prepare = (size: number) => () => unknown;

const roundsMax = 5;
const warmRuns = 3;
/**
 * Two steps of factor four distinguish the two kinds even with busy caches and garbage collection. Linear
 * work takes 16 times as long, and at most some 50 times on a busy machine. Quadratic work takes 256 times.
 */
const step = 16;
const linearMax = 100;
/** Shorter times are noise. Such work takes at most 50 ms for the largest input, which is harmless. */
const noiseMs = 0.5;
/** The time of the reference work on an idle machine of the year 2026. */
const referenceMs = 8;

/** Processor time of the calling thread, in ms. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Measures the work for inputs of `sizeMax` and a sixteenth of it. Stops as soon as the growth is linear. */
export async function measureGrowth(prepare: Prepare, sizeMax: number): Promise<Growth> {
  const small = prepare(Math.floor(sizeMax / step));
  const large = prepare(sizeMax);
  for (let run = 0; run < warmRuns; run++) await small();
  const smalls: number[] = [];
  let growth: Growth = { smallMs: Number.POSITIVE_INFINITY, largeMs: Number.POSITIVE_INFINITY };
  for (let round = 0; round < roundsMax; round++) {
    smalls.push(await spentMs(small));
    growth = { smallMs: median(smalls), largeMs: Math.min(growth.largeMs, await spentMs(large)) };
    if (isLinear(growth)) break;
  }
  return growth;
}

export function isLinear({ smallMs, largeMs }: Growth): boolean {
  return largeMs <= linearMax * Math.max(smallMs, noiseMs);
}

/**
 * One measurement of little work may be much too short. So the minimum of several measurements would be
 * wrong.
 */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

async function spentMs(work: () => unknown): Promise<number> {
  const startMs = threadMs();
  await work();
  return threadMs() - startMs;
}

/** The longest time, in ms of processor time, for which `work` blocks the event loop without a pause. */
export async function longestHoldMs(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let lastMs = threadMs();
  let isOver = false;
  const tick = (): void => {
    const nowMs = threadMs();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    if (!isOver) setImmediate(tick);
  };
  setImmediate(tick);
  await work();
  isOver = true;
  await new Promise((resolve) => setImmediate(resolve));
  return longestMs;
}

/**
 * How much slower this machine now is than the reference machine of the limits in ms. It is 1 for a faster
 * machine.
 */
export function slowness(): number {
  const text = JSON.stringify(Array.from({ length: 25_000 }, (_, n) => ({ sku: `S${n}`, quantity: n })));
  let leastMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const startMs = threadMs();
    JSON.stringify(JSON.parse(text));
    leastMs = Math.min(leastMs, threadMs() - startMs);
  }
  return Math.max(1, leastMs / referenceMs);
}

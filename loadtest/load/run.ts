/** One run: places orders on the clock, waits for their answers, and reads their outcomes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '../../cli/errors.ts';
import type { OrderApi } from '../../cli/orders/order-api.ts';
import type { Target } from '../client/job.ts';
import { createRandom } from '../store/random.ts';
import { openConnections } from './connections.ts';
import type { Customer } from './customers.ts';
import type { History } from './history.ts';
import { createAcceptedOrders } from './outcomes.ts';
import { createPlacer, type Placer } from './placement.ts';
import type { Products } from './plan/products.ts';
import { dueTimes, type Run as RateOverTime, requestsDue } from './plan/rate.ts';
import { createOrders, newKeyPrefix, type Site } from './plan/requests.ts';
import type { Scenario } from './plan/scenarios.ts';
import { createLoadProgress, type Progress } from './progress.ts';
import type { Report } from './report.ts';
import { createSample, type OutcomeSample } from './sample.ts';
import { createTally, type Tally } from './tally.ts';

export interface Plan {
  readonly name: string;
  readonly scenario: Scenario;
  /** Orders per second at the peak. */
  readonly ordersPerSecond: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface RunDeps {
  readonly target: Target;
  readonly site: Site;
  readonly api: OrderApi;
  readonly customers: readonly Customer[];
  readonly products: Products;
  readonly history: History;
  /** For the live line. */
  readonly terminal: NodeJS.WriteStream;
  /** Runs a phase with a signal that Ctrl-C aborts. */
  interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** What the phases of a run share. */
interface Running {
  readonly deps: RunDeps;
  readonly placer: Placer;
  readonly progress: Progress;
  readonly sample: OutcomeSample;
  readonly tally: Tally;
  readonly rate: RateOverTime;
  silentMs(): number;
  trouble(): string | null;
  /** The user ended the load before its time. */
  isInterrupted: boolean;
  /** Why no further request can succeed, as a sentence. */
  fault: string | null;
}

/** Limited, because the run keeps the id of each accepted order in memory. */
const ordersMax = 2_000_000;
const tickMs = 1;
const slowFileMs = 100;
/** A server that gives no answer for this long ends the run. */
const silentMsMax = 15_000;
/** Time for the last answers and retries. */
const drainMs = 60_000;
const drainAfterInterruptMs = 5_000;
/** Time without a new outcome until the rest counts as missing. */
const stallMs = 60_000;
const stallAfterFaultMs = 5_000;
const lastPollsMs = 5_000;

/** The requests of a plan. @throws CliError (exit code 2) if it has none, or too many orders. */
export function rateOf({ scenario, ordersPerSecond, seconds }: Plan): RateOverTime {
  const rate = { shape: scenario.shape, perSecond: ordersPerSecond / scenario.ordersEach, seconds };
  const requests = requestsDue(rate);
  if (requests === 0)
    throw new CliError('this run has no request; raise --rate or --seconds', { exitCode: 2 });
  if (requests * scenario.ordersEach > ordersMax)
    throw new CliError(`a run has at most ${ordersMax} orders; lower --rate or --seconds`, { exitCode: 2 });
  return rate;
}

/** Runs the plan to its end. Ctrl-C ends the load, and a second time the reading of outcomes. */
export async function runLoad(plan: Plan, deps: RunDeps): Promise<Report> {
  const rate = rateOf(plan);
  const { scenario, seed } = plan;
  const tally = createTally();
  const connections = openConnections(deps.target);
  const accepted = createAcceptedOrders(deps.api);
  const sample = createSample(deps.api, tally.outcomeLatency);
  const placer = createPlacer({
    ...deps,
    connections,
    tally,
    refusalsExpected: scenario.isRefused,
    onAccepted(order) {
      accepted.add(order);
      sample.offer(order);
    },
    onHopeless: (reason) => {
      running.fault ??= reason;
    },
  });
  const progress = createLoadProgress(deps.terminal, tally);
  const { silentMs, trouble } = connections;
  const running: Running = {
    deps,
    placer,
    progress,
    sample,
    tally,
    rate,
    silentMs,
    trouble,
    isInterrupted: false,
    fault: null,
  };
  const keyPrefix = newKeyPrefix(plan.name);
  const beganMs = performance.now();
  try {
    await deps.interruptible((signal) => sendAll(plan, running, keyPrefix, signal));
    const seconds = (performance.now() - beganMs) / 1_000;
    // After an early end, some requests have no answer yet. Their orders count as unanswered, because they may exist.
    connections.close();
    const outcomes = await deps.interruptible((signal) =>
      accepted.readOutcomes({
        stallMs: running.fault === null ? stallMs : stallAfterFaultMs,
        signal,
        onProgress: (known) => progress.say(`outcomes: ${known} of ${accepted.count()} orders`),
      }),
    );
    await sample.finish(outcomes.missing.length === 0 ? lastPollsMs : 0);
    const { isInterrupted, fault: endedBecause } = running;
    return { scenario: plan.name, seed, keyPrefix, seconds, isInterrupted, tally, outcomes, endedBecause };
  } finally {
    progress.end();
    connections.close();
  }
}

/** Sends every request at its time, then waits for the last answers. */
async function sendAll(plan: Plan, running: Running, keyPrefix: string, signal: AbortSignal): Promise<void> {
  const { deps, placer, rate, tally } = running;
  const { scenario, seed } = plan;
  const nextOrder = createOrders(keyPrefix, deps.products, scenario.choice, createRandom(seed));
  const isOver = (): boolean => signal.aborted || faultOf(running) !== null;
  const beganMs = performance.now();
  const due = dueTimes(rate);
  let next = due.next();
  for (let request = 0; next.done !== true && !isOver(); ) {
    const nowMs = performance.now();
    for (; next.done !== true && beganMs + next.value * 1_000 <= nowMs; next = due.next()) {
      const orders = Array.from({ length: scenario.ordersEach }, nextOrder);
      tally.asked += orders.length;
      const customer = deps.customers[request++ % deps.customers.length]!;
      placer.place({ customer, orders, dueMs: beganMs + next.value * 1_000, attempt: 1 });
    }
    show(running, (nowMs - beganMs) / 1_000);
    await sleep(tickMs);
    await roomIn(deps.history, isOver);
  }
  running.isInterrupted = signal.aborted;
  await drain(running, beganMs, signal);
}

/** While the history takes no line, no request is sent. The requests are late then, which their latencies show. */
async function roomIn(history: History, isOver: () => boolean): Promise<void> {
  for (let room = history.room(); room !== null && !isOver(); room = history.room())
    await Promise.race([room, sleep(slowFileMs)]);
}

/** Waits until every request has its final answer, but only for a limited time. */
async function drain(running: Running, beganMs: number, signal: AbortSignal): Promise<void> {
  const fromMs = performance.now();
  let isStopped = false;
  while (running.placer.open() > 0) {
    const nowMs = performance.now();
    const isEnded = signal.aborted || faultOf(running) !== null;
    if (isEnded && !isStopped) running.placer.stop();
    isStopped ||= isEnded;
    if (nowMs - fromMs > (isEnded ? drainAfterInterruptMs : drainMs)) break;
    show(running, (nowMs - beganMs) / 1_000);
    await sleep(tickMs);
  }
  running.placer.stop();
}

function show({ progress, sample }: Running, seconds: number): void {
  progress.show(seconds, sample.decided());
}

/** Why the run cannot continue, as a sentence; null if it can. */
function faultOf(running: Running): string | null {
  if (running.fault === null && running.silentMs() > silentMsMax)
    running.fault = `the API has not answered for ${silentMsMax / 1_000} s (${running.trouble() ?? 'silence'})`;
  running.fault ??= running.deps.history.failure();
  return running.fault;
}

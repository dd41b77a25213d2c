/**
 * Sends a file of orders through the API and follows each accepted order to its outcome.
 *
 * A line is in one of four states: waiting (its customer, or everyone, was told to come back later), in flight,
 * accepted (its order is followed through the status URL), done. The same key is used on every try, so trying again
 * after an unknown outcome can never make a second order. Lines that share a key are sent one after the other, in the
 * order of the file; all others overtake each other. Nothing waits for ever: when no line and no order has made
 * progress for `stallMs`, what is left is reported as missing.
 */
import pLimit, { type LimitFunction } from 'p-limit';
import { CliError } from '../errors.ts';
import type { OrderApi, OrderResource, PlaceAnswer } from './order-api.ts';
import { backoffMs, createGates, createSignals } from './pace.ts';
import type { BadLine, OrderLine } from './read-lines.ts';
import type { SendSummary } from './summary.ts';

export interface SendDeps {
  api: OrderApi;
  /** Called on every change; cheap, and not more often than it likes to print. */
  onProgress?(progress: { sent: number; accepted: number; settled: number; following: number }): void;
  /** Requests in flight that place orders. */
  placesMax?: number;
  /** Requests in flight that ask for outcomes. */
  readsMax?: number;
  /** Accepted orders whose outcome is not known yet; placing waits above it. */
  followingMax?: number;
  stallMs?: number;
}

/** An accepted order, from its first accepted line until its outcome is known. */
interface Followed {
  id: string;
  line: number;
  customerId: string;
  statusUrl: string;
  /** What each accepted line under this id asked for. */
  asked: { line: number; signature: string }[];
  outcome: OrderResource | null;
  lastWhy: string;
}

const READ_AGAIN_MS = 1000;
const READ_AGAIN_MIN_MS = 100;

/** Sends `lines` and resolves once every one has its outcome or is missing. Throws only when nothing more can be sent. */
export async function sendOrders(
  lines: AsyncIterable<OrderLine | BadLine>,
  deps: SendDeps,
): Promise<SendSummary> {
  const { placesMax = 96, followingMax = 5000 } = deps;
  const startedAtMs = performance.now();
  const run = createRun(deps);
  const inFlight = new Set<Promise<void>>();
  const lastOfKey = new Map<string, Promise<void>>();

  try {
    for await (const line of lines) {
      if (line.kind === 'bad') {
        run.summary.badLines.push({ line: line.line, problem: line.problem });
        continue;
      }
      run.summary.lines += 1;
      while (!run.signals.stopped() && (inFlight.size >= placesMax || followingCount(run) >= followingMax)) {
        await run.signals.changed();
      }
      const key = `${line.customerId}\n${line.idempotencyKey}`;
      const placed = (lastOfKey.get(key) ?? Promise.resolve()).then(() => place(run, line));
      lastOfKey.set(key, placed);
      inFlight.add(placed);
      const done = () => {
        inFlight.delete(placed);
        run.signals.wake();
      };
      // A failure stops the run; Promise.all below throws it.
      placed.then(done, done);
    }
    await Promise.all(lastOfKey.values());
    while (followingCount(run) > 0 && !run.signals.stopped()) await run.signals.changed();
  } finally {
    run.signals.stop();
  }
  for (const order of run.followed.values()) countOrder(run.summary, order);
  return { ...run.summary, orders: run.followed.size, elapsedMs: performance.now() - startedAtMs };
}

interface Run {
  api: OrderApi;
  summary: SendSummary;
  /** By order id. */
  followed: Map<string, Followed>;
  settled: number;
  gates: ReturnType<typeof createGates>;
  signals: ReturnType<typeof createSignals>;
  limitReads: LimitFunction;
  /** Tells waiters and the caller that something moved. */
  moved(): void;
}

function createRun({ api, onProgress, readsMax = 48, stallMs = 60_000 }: SendDeps): Run {
  const run: Run = {
    api,
    summary: emptySummary(),
    followed: new Map(),
    settled: 0,
    gates: createGates(),
    signals: createSignals(stallMs),
    limitReads: pLimit(readsMax),
    moved() {
      run.signals.progress();
      const { lines, accepted } = run.summary;
      onProgress?.({ sent: lines, accepted, settled: run.settled, following: followingCount(run) });
    },
  };
  return run;
}

function followingCount(run: Run): number {
  return run.followed.size - run.settled;
}

/** Tries one line until it is answered for good, or the run stalls. */
async function place(run: Run, line: OrderLine): Promise<void> {
  let lastWhy = 'not sent';
  for (let attempt = 1; !run.signals.stopped(); attempt += 1) {
    await run.signals.sleep(run.gates.waitMs(line.customerId));
    if (run.signals.stopped()) break;
    const answer = await run.api.place(line);
    if (answer.kind === 'accepted') return accept(run, line, answer);
    if (answer.kind === 'refused') return refuse(run, line, answer);
    lastWhy = answer.why;
    if (answer.kind === 'later')
      run.gates.close(answer.scope === 'caller' ? line.customerId : null, answer.afterMs);
    else await run.signals.sleep(backoffMs(attempt));
  }
  run.summary.missing.push({ line: line.line, why: lastWhy });
}

function accept(run: Run, line: OrderLine, answer: Extract<PlaceAnswer, { kind: 'accepted' }>): void {
  run.summary.accepted += 1;
  if (answer.replayed) run.summary.replayed += 1;
  const known = run.followed.get(answer.id);
  const order: Followed = known ?? {
    id: answer.id,
    line: line.line,
    customerId: line.customerId,
    statusUrl: answer.statusUrl,
    asked: [],
    outcome: null,
    lastWhy: 'no outcome yet',
  };
  order.asked.push({ line: line.line, signature: signatureOf(line.order) });
  run.followed.set(answer.id, order);
  if (answer.order !== null) settle(run, order, answer.order);
  else if (known === undefined) followLater(run, order, answer.pollAfterMs);
  run.moved();
}

function refuse(run: Run, line: OrderLine, answer: Extract<PlaceAnswer, { kind: 'refused' }>): void {
  const { summary } = run;
  if (answer.status === 401 || answer.status === 403) {
    run.signals.stop();
    throw new CliError(
      `the API refused the token of customer ${line.customerId}: ${answer.status} ${answer.detail}`,
    );
  }
  // 422 is the API's quick form of what the worker calls KEY_CONFLICT.
  if (answer.status === 422) summary.keyConflicts += 1;
  else {
    const { status, code, detail } = answer;
    summary.refused[code] = (summary.refused[code] ?? 0) + 1;
    summary.refusedLines.push({ line: line.line, status, code, detail });
  }
  run.moved();
}

function followLater(run: Run, order: Followed, afterMs: number): void {
  void run.signals.sleep(afterMs).then(() => run.limitReads(() => follow(run, order)));
}

async function follow(run: Run, order: Followed): Promise<void> {
  if (run.signals.stopped() || order.outcome !== null) return;
  const answer = await run.api.read({ customerId: order.customerId, url: order.statusUrl });
  if (answer.kind === 'order' && answer.order.status !== 'QUEUED') {
    settle(run, order, answer.order);
    run.moved();
    return;
  }
  order.lastWhy =
    answer.kind === 'order' ? 'still QUEUED' : answer.kind === 'refused' ? answer.detail : answer.why;
  const afterMs =
    answer.kind === 'order' ? answer.pollAfterMs : answer.kind === 'later' ? answer.afterMs : READ_AGAIN_MS;
  followLater(run, order, Math.max(afterMs, READ_AGAIN_MIN_MS));
}

function settle(run: Run, order: Followed, outcome: OrderResource): void {
  if (order.outcome === null) run.settled += 1;
  order.outcome = outcome;
}

/** Adds one order to the totals; lines that asked for something else than the order under their key are conflicts. */
function countOrder(summary: SendSummary, order: Followed): void {
  if (order.outcome === null) {
    summary.missing.push({ line: order.line, why: `order ${order.id}: ${order.lastWhy}` });
    return;
  }
  const { status, reason } = order.outcome;
  summary.statuses[status] = (summary.statuses[status] ?? 0) + 1;
  if (status === 'REJECTED') {
    const code = reason?.code ?? 'without a reason';
    summary.rejections[code] = (summary.rejections[code] ?? 0) + 1;
  }
  const actual = signatureOf(order.outcome);
  const conflicts = actual === '' ? 0 : order.asked.filter(({ signature }) => signature !== actual).length;
  summary.keyConflicts += conflicts;
  summary.repeats += Math.max(order.asked.length - conflicts - 1, 0);
}

/** Currency, SKUs and quantities, to tell whether an order is the one a line asked for; '' when the items are not shown. */
function signatureOf(order: { currency?: unknown; items?: unknown }): string {
  if (!Array.isArray(order.items) || order.items.length === 0) return '';
  const items = order.items as { sku?: unknown; quantity?: unknown }[];
  return `${order.currency} ${items.map(({ sku, quantity }) => `${sku}*${quantity}`).join(' ')}`;
}

function emptySummary(): SendSummary {
  return {
    lines: 0,
    badLines: [],
    accepted: 0,
    replayed: 0,
    keyConflicts: 0,
    refused: {},
    refusedLines: [],
    orders: 0,
    repeats: 0,
    statuses: {},
    rejections: {},
    missing: [],
    elapsedMs: 0,
  };
}

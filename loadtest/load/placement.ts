/**
 * Places the orders of a run. It sends each request and reads its answer. If the API asks for that, it sends the request
 * again with the same keys. Every order ends as accepted, refused, unanswered or not sent.
 */
import { retryAfterMs } from '../../cli/orders/order-api.ts';
import { backoffMs } from '../../cli/orders/pace.ts';
import { type Answer, fieldOf } from '../client/connection.ts';
import { hopelessReason, isTemporary, type OrderResult, type Refused, readAnswer } from './answers.ts';
import type { Call, Connections } from './connections.ts';
import type { Customer } from './customers.ts';
import type { History } from './history.ts';
import { encodeRequest, type Order, type Site } from './plan/requests.ts';
import { add, isError, labelOf, type Tally } from './tally.ts';

/** A request that is due, was sent, or waits for its next attempt. */
interface Placement {
  readonly customer: Customer;
  readonly orders: readonly Order[];
  /** By the clock of `performance.now()`. */
  readonly dueMs: number;
  /** The number of the attempt, from 1. */
  readonly attempt: number;
}

export interface AcceptedOrder {
  readonly id: string;
  readonly customer: Customer;
  readonly statusUrl: string;
  readonly dueMs: number;
}

export interface PlacerDeps {
  readonly site: Site;
  readonly connections: Connections;
  readonly tally: Tally;
  readonly history: History;
  readonly refusalsExpected: boolean;
  onAccepted(order: AcceptedOrder): void;
  /** No further request can succeed. `reason` is a sentence. */
  onHopeless(reason: string): void;
}

export interface Placer {
  place(placement: Placement): void;
  /** Requests without a final answer. */
  open(): number;
  /** Sends nothing any more: no retries, and no requests that wait for a connection. */
  stop(): void;
}

const attemptsMax = 20;
/** Beyond this number of open requests the generator sends no new one, because its memory is limited. */
const openMax = 20_000;

interface Placing extends PlacerDeps {
  /** What to do with the orders of each attempt that waits, if it is never sent. */
  readonly paused: Map<NodeJS.Timeout, () => void>;
  isStopped: boolean;
}

export function createPlacer(deps: PlacerDeps): Placer {
  const placing: Placing = { ...deps, paused: new Map(), isStopped: false };
  const { connections, paused } = placing;
  const open = (): number => connections.open() + paused.size;
  return {
    place(placement) {
      if (open() < openMax) connections.send(callOf(placing, placement));
      else giveUp(placing, placement);
    },
    open,
    stop() {
      placing.isStopped = true;
      for (const [timer, end] of paused) {
        clearTimeout(timer);
        end();
      }
      paused.clear();
      connections.dropWaiting();
    },
  };
}

function callOf(placing: Placing, placement: Placement): Call {
  const { tally } = placing;
  const { customer, orders, attempt } = placement;
  let sentMs = 0;
  return {
    encode: () => encodeRequest(placing.site, customer.token, orders),
    onSent() {
      sentMs = performance.now();
      tally.requests += 1;
      if (attempt > 1) tally.retries += 1;
    },
    onAnswer(answer) {
      const refused = takeAnswer(placing, placement, sentMs, answer);
      const [final, temporary] = [refused.filter(isFinal), refused.filter((each) => !isFinal(each))];
      countRefused(tally, final);
      if (temporary.length === 0) return;
      const pauseMs = retryAfterMs(fieldOf(answer, 'retry-after')) * (1 + Math.random() / 4);
      const left = { ...placement, orders: temporary.map(({ order }) => order) };
      sendAgain(placing, left, pauseMs, () => countRefused(tally, temporary));
    },
    onFailed(reason) {
      tally.errors += 1;
      add(tally.answers, `no answer (${reason})`);
      note(placing, placement, { sentMs, status: null, code: reason, results: [] });
      sendAgain(placing, placement, backoffMs(attempt), () => {
        tally.unanswered += orders.length;
      });
    },
    onDropped() {
      // An earlier attempt may have placed the orders.
      if (attempt > 1) tally.unanswered += orders.length;
      else tally.notSent += orders.length;
      note(placing, placement, { sentMs: null, status: null, code: 'the run ended', results: [] });
    },
  };
}

/** Sends the orders again after a pause. Calls `end` if that does not happen. */
function sendAgain(placing: Placing, placement: Placement, afterMs: number, end: () => void): void {
  const { connections, paused } = placing;
  if (placing.refusalsExpected || placing.isStopped || placement.attempt >= attemptsMax) {
    end();
    return;
  }
  const timer = setTimeout(() => {
    paused.delete(timer);
    connections.send(callOf(placing, { ...placement, attempt: placement.attempt + 1 }));
  }, afterMs);
  paused.set(timer, end);
}

interface RefusedOrder {
  readonly order: Order;
  readonly result: Refused;
}

/** The API would refuse the order again. */
function isFinal({ result }: RefusedOrder): boolean {
  return !isTemporary(result);
}

/** Counts an answer. Returns the orders that it does not accept. */
function takeAnswer(deps: PlacerDeps, placement: Placement, sentMs: number, answer: Answer): RefusedOrder[] {
  const { tally } = deps;
  const { customer, orders, dueMs } = placement;
  const { code, results } = readAnswer(answer, orders.length);
  add(tally.answers, labelOf({ status: answer.status, code }));
  note(deps, placement, { sentMs, status: answer.status, code, results });
  const hopeless = hopelessReason(answer, customer.tokenName);
  if (hopeless !== null) deps.onHopeless(hopeless);
  if (results.some((result) => isError(result, deps.refusalsExpected))) tally.errors += 1;
  const refused: RefusedOrder[] = [];
  results.forEach((result, index) => {
    if (result.kind === 'accepted') {
      tally.accepted += 1;
      deps.onAccepted({ id: result.id, customer, statusUrl: result.statusUrl, dueMs });
    } else refused.push({ order: orders[index]!, result });
  });
  if (refused.length === 0) tally.latency.record(performance.now() - dueMs);
  return refused;
}

function countRefused({ refused: counts }: Tally, refused: readonly RefusedOrder[]): void {
  for (const { result } of refused) add(counts, labelOf(result));
}

/** Ends a request that is due while too many others are open. */
function giveUp(deps: PlacerDeps, placement: Placement): void {
  deps.tally.notSent += placement.orders.length;
  if (!deps.refusalsExpected) deps.tally.errors += 1;
  note(deps, placement, { sentMs: null, status: null, code: 'too many open requests', results: [] });
}

interface Noted {
  readonly sentMs: number | null;
  readonly status: number | null;
  readonly code: string | null;
  readonly results: readonly OrderResult[];
}

function note({ history }: PlacerDeps, placement: Placement, { sentMs, status, code, results }: Noted): void {
  const { customer, orders, dueMs, attempt } = placement;
  const codes = results.map((result) => (result.kind === 'accepted' ? null : result.code));
  history.write({
    due: timeOf(dueMs),
    sent: sentMs === null ? null : timeOf(sentMs),
    latencyMs: status === null ? null : Math.round((performance.now() - dueMs) * 1_000) / 1_000,
    attempt,
    customer: customer.name,
    status,
    code,
    keys: orders.map(({ key }) => key),
    orderIds: orders.map((_, index) => {
      const result = results[index];
      return result?.kind === 'accepted' ? result.id : null;
    }),
    ...(orders.length > 1 && codes.some((each) => each !== null) ? { orderCodes: codes } : {}),
  });
}

function timeOf(ms: number): string {
  return new Date(performance.timeOrigin + ms).toISOString();
}

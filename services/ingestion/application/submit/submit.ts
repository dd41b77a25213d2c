/**
 * Submits each order once. It looks up an order in the memory of this process, in the appends in flight, and in
 * Redis. It appends an order that is in none of them, and reads MySQL in parallel. So correctness never depends on
 * Redis, and a new order never waits for MySQL. A repeat that reaches the log gets the outcome DUPLICATE or
 * KEY_CONFLICT, and never becomes a second order.
 *
 * Two processes may append two bodies with one key at the same time. The first body in the log becomes the order,
 * but a process may remember the other body. So only the database can decide KEY_REUSED. Until it has the key, a
 * body that differs from the remembered one is also appended, and the log decides.
 *
 * The orders of one request form a group with one lookup and one append. Each order gets its own result.
 */
import { sleep } from '../../../shared/retry/index.ts';
import type { BoundedMap } from '../common/bounded-map.ts';
import { Failure } from '../common/failure.ts';
import type { LogPosition } from '../common/ticket.ts';
import type { KnownSubmission } from '../read/order-store.ts';
import type { CommandLog } from './command-log.ts';
import type { IdempotencyCache } from './idempotency-cache.ts';
import { type AppendResult, createInFlight, type InFlight, type OpenAppend } from './in-flight.ts';
import type { LogTrust } from './log-trust.ts';
import type { OrderSubmission } from './order-submission.ts';

interface Submitted {
  readonly position: LogPosition;
  /** The same order was accepted before, or another request is submitting it. */
  readonly replayed: boolean;
}

/** The position of the order, or a failure: KEY_REUSED, NOT_PRODUCED, OUTCOME_UNKNOWN or OVERLOADED. */
export type SubmitResult = Submitted | Failure;

/**
 * Resolves with the results by position, once each order has its result. A fault of one order never rejects the
 * call. `anew` ignores remembered results and appends the orders.
 */
export type Submit = (
  orders: readonly OrderSubmission[],
  options?: { readonly anew?: boolean },
) => Promise<readonly SubmitResult[]>;

export interface SubmitDeps {
  readonly commandLog: Pick<CommandLog, 'append'>;
  readonly idempotencyCache: IdempotencyCache;
  /** The stored submissions of orders, by position; null if there is none, or if MySQL does not respond in time. */
  readonly findSubmissions: (orderIds: readonly string[]) => Promise<readonly (KnownSubmission | null)[]>;
  readonly recent: BoundedMap<string, KnownSubmission>;
  readonly trust: Pick<LogTrust, 'epochOf' | 'holds'>;
  /** How long a body that differs from the remembered one waits for the decision, ms. */
  readonly decisionWaitMs?: number;
}

const defaultDecisionWaitMs = 1_000;
const decisionEveryMs = 50;

/** The orders of one call, while they are processed. */
interface Group {
  readonly orders: readonly OrderSubmission[];
  readonly results: SubmitResult[];
  /** Results that other calls must produce first. */
  readonly joins: Promise<void>[];
}

interface State extends SubmitDeps {
  readonly remember: (orderId: string, known: KnownSubmission) => void;
  readonly inFlight: InFlight;
  readonly submit: Submit;
}

export function createSubmit(deps: SubmitDeps): Submit {
  const { commandLog, recent, idempotencyCache, trust } = deps;
  const remember: State['remember'] = (orderId, known) => {
    recent.set(orderId, known);
    idempotencyCache.set(orderId, known);
  };
  const inFlight = createInFlight({ onAppended: remember, epochOf: trust.epochOf });

  const submit: Submit = async (orders, { anew = false } = {}) => {
    const group: Group = { orders, results: new Array(orders.length), joins: [] };
    const unknown = answerRemembered(state, group, anew);
    if (unknown.length > 0) {
      const cached = anew ? [] : await idempotencyCache.find(unknown.map((index) => orders[index]!.orderId));
      const appends = openAppends(state, group, unknown, cached, anew);
      if (appends.length > 0) {
        const stored = noteStored(state, appends);
        await commandLog.append(
          appends.map(({ submission }) => submission.message),
          (i, end) => inFlight.close(appends[i]!, end),
        );
        await stored;
        for (const append of appends) group.results[append.index] = resultOf(append);
      }
    }
    if (group.joins.length > 0) await Promise.all(group.joins);
    return group.results;
  };
  const state: State = { ...deps, remember, inFlight, submit };
  return submit;
}

/** Resolves remembered orders and joins appends in flight. Returns the indices of the others. */
function answerRemembered(state: State, group: Group, anew: boolean): number[] {
  const unknown: number[] = [];
  for (let i = 0; i < group.orders.length; i++) {
    const known = anew ? undefined : recall(state, group.orders[i]!.orderId);
    if (known !== undefined) answerKnown(state, group, i, known);
    else if (!joinInFlight(state, group, i)) unknown.push(i);
  }
  return unknown;
}

/** Resolves cached orders, joins appends that are now in flight, and opens an append for each of the others. */
function openAppends(
  state: State,
  group: Group,
  unknown: readonly number[],
  cached: readonly (KnownSubmission | null)[],
  anew: boolean,
): OpenAppend[] {
  const appends: OpenAppend[] = [];
  for (let i = 0; i < unknown.length; i++) {
    const index = unknown[i]!;
    const order = group.orders[index]!;
    // The append may have ended meanwhile, and its cache entry may have come too late for this lookup.
    const known = anew ? null : (recall(state, order.orderId) ?? cached[i] ?? null);
    if (known !== null) {
      state.recent.set(order.orderId, known);
      answerKnown(state, group, index, known);
    } else if (!joinInFlight(state, group, index)) {
      appends.push(state.inFlight.open(order, index));
    }
  }
  return appends;
}

/** Only results from the database have no epoch. */
function isStored({ epoch }: KnownSubmission): boolean {
  return epoch === null;
}

/** The order that this process remembers, while the log or the database still has it. */
function recall({ recent, trust }: State, orderId: string): KnownSubmission | undefined {
  const known = recent.get(orderId);
  if (known === undefined || known.epoch === null) return known;
  return trust.holds(known.position, known.epoch) ? known : undefined;
}

/** Waits for the append of the same order and uses its result. Returns false if none is in flight. */
function joinInFlight(state: State, { orders, results, joins }: Group, index: number): boolean {
  const order = orders[index]!;
  const append = state.inFlight.join(order.orderId);
  if (append === null) return false;
  const answered = async (): Promise<void> => {
    results[index] = await resultOfOther(state, order, await append);
  };
  joins.push(answered());
  return true;
}

/** The same body is the same submission. A different body is refused only if the database has the order. */
function answerKnown(
  state: State,
  { orders, results, joins }: Group,
  index: number,
  known: KnownSubmission,
): void {
  const order = orders[index]!;
  if (known.fingerprint === order.fingerprint || isStored(known)) {
    results[index] = replay(order, known);
    return;
  }
  const settled = async (): Promise<void> => {
    results[index] = await settle(state, order);
  };
  joins.push(settled());
}

/**
 * Waits a moment for the decision about the key. Without a decision the order is appended, and the log decides.
 */
async function settle(state: State, order: OrderSubmission): Promise<SubmitResult> {
  const { decisionWaitMs = defaultDecisionWaitMs } = state;
  const untilMs = performance.now() + decisionWaitMs;
  for (;;) {
    const [stored] = await state.findSubmissions([order.orderId]);
    if (stored !== null && stored !== undefined) {
      state.remember(order.orderId, stored);
      return replay(order, stored);
    }
    if (performance.now() >= untilMs) break;
    await sleep(decisionEveryMs);
  }
  const [own] = await state.submit([order], { anew: true });
  return own!;
}

async function resultOfOther(
  state: State,
  order: OrderSubmission,
  { fingerprint, end, isStored }: AppendResult,
): Promise<SubmitResult> {
  if (!(end instanceof Failure)) {
    if (fingerprint !== order.fingerprint && !isStored) return settle(state, order);
    return replay(order, { fingerprint, position: end });
  }
  if (fingerprint === order.fingerprint) return end;
  // The key was not used, so submit this order.
  const [own] = await state.submit([order]);
  return own!;
}

/** Remembers the orders that MySQL has at once, so that other requests need not wait for the whole group. */
async function noteStored(state: State, appends: readonly OpenAppend[]): Promise<void> {
  const stored = await state.findSubmissions(appends.map(({ submission }) => submission.orderId));
  for (let i = 0; i < appends.length; i++) {
    const known = stored[i]!;
    if (known === null) continue;
    const append = appends[i]!;
    append.known = known;
    state.remember(append.submission.orderId, known);
  }
}

function resultOf({ submission, known, end }: OpenAppend): SubmitResult {
  // An order in the database is already in the log, whatever happened to this copy.
  if (end instanceof Failure) return known === null ? end : replay(submission, known);
  if (known === null || isSame(known.position, end!)) return { position: end!, replayed: false };
  // The earlier copy in the log is the order. This copy has no effect.
  return replay(submission, known);
}

const keyReused = new Failure('KEY_REUSED');

function replay(
  { fingerprint }: OrderSubmission,
  known: Pick<KnownSubmission, 'fingerprint' | 'position'>,
): SubmitResult {
  return known.fingerprint === fingerprint ? { position: known.position, replayed: true } : keyReused;
}

function isSame(a: LogPosition, b: LogPosition): boolean {
  return a.partition === b.partition && a.offset === b.offset;
}

/**
 * Places of orders, each once. For every place in this order: what this process remembers, what is in flight, the marks
 * in Redis, and then the log. A place that nobody knows is appended at once while MySQL is asked beside it, so that the
 * truth never depends on Redis and never costs the first order a wait: a repeat that reaches the log is a DUPLICATE or
 * KEY_CONFLICT there, never a second order.
 *
 * Two processes may append two bodies with one key at the same moment. The first in the log is the order, and what a process
 * remembers may be the other one. KEY_REUSED therefore rests on the database alone. Until it knows the key, a body that
 * differs from what is remembered is appended too, and the log decides.
 *
 * Places come in groups, those of one request: one lookup and one append for all, and an end for each.
 */

import { sleep } from '../../../shared/retry/index.ts';
import { HttpProblem } from '../../http/problems.ts';
import type { BoundedMap } from '../common/bounded-map.ts';
import type { LogPosition } from '../common/ticket.ts';
import type { Placed } from '../read/order-store.ts';
import type { CommandLog } from './command-log.ts';
import type { Marks } from './idempotency-cache.ts';
import { createFlights, type Flight, type Flights, type Landing } from './in-flight.ts';
import type { LogTrust } from './log-trust.ts';
import type { Place } from './order-submission.ts';

export interface Submitted {
  readonly position: LogPosition;
  /** The same order was accepted before, or another request is submitting it. */
  readonly replayed: boolean;
}

/** The position of the order, or why it was not accepted: the problem KEY_REUSED, NOT_PRODUCED or OUTCOME_UNKNOWN. */
export type Submission = Submitted | Error;

/**
 * Results by position, once each order has its result. Never rejects for a fault of one order. With `anew` remembered
 * results are ignored: the orders are appended.
 */
export type Submit = (
  places: readonly Place[],
  options?: { readonly anew?: boolean },
) => Promise<readonly Submission[]>;

export interface SubmissionDeps {
  readonly commandLog: Pick<CommandLog, 'append'>;
  readonly marks: Marks;
  /** The stored submissions of orders, by position; null if there is none, or if MySQL does not respond in time. */
  readonly findPlaced: (orderIds: readonly string[]) => Promise<readonly (Placed | null)[]>;
  readonly recent: BoundedMap<string, Placed>;
  readonly trust: Pick<LogTrust, 'epochOf' | 'holds'>;
  /** How long a body that differs from what is remembered waits for the decision, ms. */
  readonly decisionWaitMs?: number;
}

/** Tells whether the stored order of this key is that of the place; null while the database has none, or does not tell. */
export type IsOrderOf = (place: Place) => Promise<boolean | null>;

const defaultDecisionWaitMs = 1_000;
const decisionEveryMs = 50;

/** The orders of one call, while they are processed. */
interface Group {
  readonly places: readonly Place[];
  readonly answers: Submission[];
  /** Results that other calls must produce first. */
  readonly joins: Promise<void>[];
}

interface State extends SubmissionDeps {
  readonly remember: (orderId: string, placed: Placed) => void;
  readonly flights: Flights;
}

export function createSubmit(deps: SubmissionDeps): Submit {
  const { commandLog, recent, marks, trust } = deps;
  const remember: State['remember'] = (orderId, placed) => {
    recent.set(orderId, placed);
    marks.set(orderId, placed);
  };
  const flights = createFlights({ commandLog, onPlaced: remember, epochOf: trust.epochOf });
  const state: State = { ...deps, remember, flights };
  return (places, { anew = false } = {}) => submit(state, places, anew);
}

/** Costs nothing where the stored order is remembered; else one lookup, which others share. */
export function createIsOrderOf({
  recent,
  findPlaced,
}: Pick<SubmissionDeps, 'recent' | 'findPlaced'>): IsOrderOf {
  return async ({ orderId, fingerprint }) => {
    const known = recent.get(orderId);
    if (known !== undefined && isStored(known)) return known.fingerprint === fingerprint;
    const [stored] = await findPlaced([orderId]);
    if (stored === null || stored === undefined) return null;
    recent.set(orderId, stored);
    return stored.fingerprint === fingerprint;
  };
}

/** Only what the database told has no epoch. */
function isStored({ epoch }: Placed): boolean {
  return epoch === null;
}

/** What this process remembers of an order while the log or the database still has it. */
function recall({ recent, trust }: State, orderId: string): Placed | undefined {
  const placed = recent.get(orderId);
  if (placed === undefined || placed.epoch === null) return placed;
  return trust.holds(placed.position, placed.epoch) ? placed : undefined;
}

async function submit(state: State, places: readonly Place[], anew: boolean): Promise<readonly Submission[]> {
  const group: Group = { places, answers: new Array(places.length), joins: [] };
  const unknown: number[] = [];
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!;
    const known = anew ? undefined : recall(state, place.orderId);
    if (known !== undefined) answerKnown(state, group, i, known);
    else if (!joinOther(state, group, i)) unknown.push(i);
  }
  if (unknown.length > 0) await lookUpAndAppend(state, group, unknown, anew);
  if (group.joins.length > 0) await Promise.all(group.joins);
  return group.answers;
}

/** Waits for another submission of the same order and uses its result; false when none is in flight. */
function joinOther(state: State, { places, answers, joins }: Group, index: number): boolean {
  const place = places[index]!;
  const landing = state.flights.join(place.orderId);
  if (landing === null) return false;
  const answered = async (): Promise<void> => {
    answers[index] = await answerOfOther(state, place, await landing);
  };
  joins.push(answered());
  return true;
}

/** The same body is that submission again. Another one is refused only where the database has the order. */
function answerKnown(state: State, { places, answers, joins }: Group, index: number, known: Placed): void {
  const place = places[index]!;
  if (known.fingerprint === place.fingerprint || isStored(known)) {
    answers[index] = replay(place, known);
    return;
  }
  const settled = async (): Promise<void> => {
    answers[index] = await settle(state, place);
  };
  joins.push(settled());
}

/** Waits a moment for the decision about the key; without one the place goes into the log, which decides. */
async function settle(state: State, place: Place): Promise<Submission> {
  const { decisionWaitMs = defaultDecisionWaitMs } = state;
  const untilMs = performance.now() + decisionWaitMs;
  for (;;) {
    const [stored] = await state.findPlaced([place.orderId]);
    if (stored !== null && stored !== undefined) {
      state.remember(place.orderId, stored);
      return replay(place, stored);
    }
    if (performance.now() >= untilMs) break;
    await sleep(decisionEveryMs);
  }
  const [own] = await submit(state, [place], true);
  return own!;
}

async function answerOfOther(state: State, place: Place, landing: Landing): Promise<Submission> {
  const { fingerprint, end, isStored } = landing;
  if (!(end instanceof Error)) {
    if (fingerprint !== place.fingerprint && !isStored) return settle(state, place);
    return replay(place, { fingerprint, position: end });
  }
  if (fingerprint === place.fingerprint) return end;
  // The key was not used after all: submit this one.
  const [own] = await submit(state, [place], false);
  return own!;
}

async function lookUpAndAppend(
  state: State,
  group: Group,
  unknown: readonly number[],
  anew: boolean,
): Promise<void> {
  const { places, answers } = group;
  const marked = anew ? [] : await state.marks.find(unknown.map((index) => places[index]!.orderId));
  const flights: Flight[] = [];
  const indices: number[] = [];
  for (let i = 0; i < unknown.length; i++) {
    const index = unknown[i]!;
    const place = places[index]!;
    // What landed meanwhile is in no flight any more, and its mark may have come too late to be found.
    const mark = anew ? null : (recall(state, place.orderId) ?? marked[i] ?? null);
    if (mark !== null) {
      state.recent.set(place.orderId, mark);
      answerKnown(state, group, index, mark);
    } else if (!joinOther(state, group, index)) {
      flights.push(state.flights.open(place));
      indices.push(index);
    }
  }
  if (flights.length === 0) return;
  const stored = findStored(state, flights);
  const ends = await state.flights.append(flights);
  await stored;
  for (let i = 0; i < flights.length; i++) answers[indices[i]!] = answerOf(flights[i]!, ends[i]!);
}

/** Orders that MySQL knows are remembered at once, so that others need not wait for the whole group. */
async function findStored(state: State, flights: readonly Flight[]): Promise<void> {
  const stored = await state.findPlaced(flights.map(({ place }) => place.orderId));
  for (let i = 0; i < flights.length; i++) {
    const known = stored[i]!;
    if (known === null) continue;
    const flight = flights[i]!;
    flight.known = known;
    state.remember(flight.place.orderId, known);
  }
}

function answerOf({ place, known }: Flight, end: LogPosition | Error): Submission {
  // Whatever happened to this copy, an order in the database is already in the log.
  if (end instanceof Error) return known === null ? end : replay(place, known);
  if (known === null || isSame(known.position, end)) return { position: end, replayed: false };
  // The earlier copy in the log is the order. This copy has no effect.
  return replay(place, known);
}

function replay({ fingerprint }: Place, known: Pick<Placed, 'fingerprint' | 'position'>): Submission {
  if (known.fingerprint !== fingerprint) return new HttpProblem('KEY_REUSED');
  return { position: known.position, replayed: true };
}

function isSame(a: LogPosition, b: LogPosition): boolean {
  return a.partition === b.partition && a.offset === b.offset;
}

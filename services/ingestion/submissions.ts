/**
 * One place of one order, once. In this order: what this process remembers, what is in flight, the marks in Redis, and
 * then the log. A place that nobody knows is produced at once while MySQL is asked beside it, so that the truth never
 * depends on Redis and never costs the first order a wait: a repeat that reaches the log is a DUPLICATE or KEY_CONFLICT
 * there, never a second order.
 */
import type { BoundedMap } from './bounded-map.ts';
import type { Marks } from './marks.ts';
import type { Placed } from './order-store.ts';
import { HttpProblem } from './problems.ts';
import type { Produce } from './produce.ts';
import type { LogPosition } from './ticket.ts';
import { type PlaceWish, placeCommand } from './to-command.ts';

export interface Submitted {
  readonly orderId: string;
  readonly position: LogPosition;
  /** The same place was accepted before, or is being accepted by another request. */
  readonly replayed: boolean;
}

export interface SubmissionDeps {
  readonly produce: Produce;
  readonly marks: Marks;
  /** The stored place of an order; null when there is none, or MySQL does not tell in time. */
  readonly findPlaced: (orderId: string) => Promise<Placed | null>;
  readonly recent: BoundedMap<string, Placed>;
  readonly nowMs: () => number;
}

/** Throws the problems KEY_REUSED, NOT_PRODUCED and OUTCOME_UNKNOWN. */
export type Submit = (wish: PlaceWish) => Promise<Submitted>;

interface InFlight {
  readonly fingerprint: string;
  readonly done: Promise<LogPosition>;
}

export function createSubmit(deps: SubmissionDeps): Submit {
  const inFlight = new Map<string, InFlight>();

  const produceOnce = async (wish: PlaceWish): Promise<LogPosition> => {
    const position = await deps.produce({ ...placeCommand(wish, deps.nowMs()), orderId: wish.orderId });
    const placed = { fingerprint: wish.fingerprint, position };
    deps.recent.set(wish.orderId, placed);
    deps.marks.set(wish.orderId, placed);
    return position;
  };

  const lookUpAndProduce = async (wish: PlaceWish): Promise<Submitted> => {
    const { orderId } = wish;
    const marked = await deps.marks.find(orderId);
    if (marked !== null) {
      deps.recent.set(orderId, marked);
      return replay(wish, marked);
    }
    const joined = inFlight.get(orderId);
    if (joined !== undefined) return join(wish, joined);
    const done = produceOnce(wish);
    inFlight.set(orderId, { fingerprint: wish.fingerprint, done });
    const stored = deps.findPlaced(orderId);
    try {
      const position = await done;
      const known = await stored;
      if (known === null || isSame(known.position, position)) return { orderId, position, replayed: false };
      deps.recent.set(orderId, known);
      return replay(wish, known);
    } finally {
      inFlight.delete(orderId);
    }
  };

  const join = async (wish: PlaceWish, { fingerprint, done }: InFlight): Promise<Submitted> => {
    if (fingerprint === wish.fingerprint)
      return { orderId: wish.orderId, position: await done, replayed: true };
    const failed = await done.then(
      () => false,
      () => true,
    );
    // The key was not taken after all: this place has its own try.
    return failed ? submit(wish) : replay(wish, { fingerprint, position: await done });
  };

  const submit: Submit = (wish) => {
    const known = deps.recent.get(wish.orderId);
    if (known !== undefined) return Promise.resolve().then(() => replay(wish, known));
    const flying = inFlight.get(wish.orderId);
    return flying === undefined ? lookUpAndProduce(wish) : join(wish, flying);
  };
  return submit;
}

function replay({ orderId, fingerprint }: PlaceWish, known: Placed): Submitted {
  if (known.fingerprint !== fingerprint) throw new HttpProblem('KEY_REUSED');
  return { orderId, position: known.position, replayed: true };
}

function isSame(a: LogPosition, b: LogPosition): boolean {
  return a.partition === b.partition && a.offset === b.offset;
}

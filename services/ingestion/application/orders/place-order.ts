/** Places one order, and waits for its outcome if the client wants it. A repeated order gets its state. */
import type { OrderEvent } from '../../../../schemas/index.ts';
import { Failure } from '../common/failure.ts';
import type { LogPosition } from '../common/ticket.ts';
import { orderOfEvent } from '../read/decided-order.ts';
import type { OrderState, ReadStatus } from '../read/status.ts';
import type { IsOrderOf } from '../submit/is-order-of.ts';
import type { OrderSubmission } from '../submit/order-submission.ts';
import type { Submit } from '../submit/submit.ts';
import { type Patience, waiting } from '../wait/patience.ts';
import type { Wait, Waits } from '../wait/waits.ts';

export interface PlaceOrderDeps {
  readonly submit: Submit;
  readonly isOrderOf: IsOrderOf;
  readonly readStatus: ReadStatus;
  readonly waits: Waits;
  /** Remembers a shown version. Returns the highest version that this process has shown. */
  readonly noteShown: (orderId: string, version: number) => number;
}

export type Placed =
  /** The order is durable and has no outcome that the client may see yet. */
  | { readonly kind: 'accepted'; readonly position: LogPosition; readonly replayed: boolean }
  /** The order has its outcome. `waited`: the request waited for it. */
  | {
      readonly kind: 'decided';
      readonly state: OrderState;
      readonly replayed: boolean;
      readonly waited: boolean;
    };

/**
 * The failure is KEY_REUSED, NOT_PRODUCED, OUTCOME_UNKNOWN or OVERLOADED, or of a repeated order one of `readStatus`.
 * Never rejects.
 */
export async function placeOrder(
  deps: PlaceOrderDeps,
  submission: OrderSubmission,
  customerId: string,
  patience: Patience,
): Promise<Placed | Failure> {
  if (patience.waitMs > 0) return placeAndWait(deps, submission, customerId, patience);
  const [result] = await deps.submit([submission]);
  if (result instanceof Failure) return result;
  const { position, replayed } = result!;
  if (!replayed) return { kind: 'accepted', position, replayed };
  return answerReplay(deps, submission, { orderId: submission.orderId, customerId, position });
}

/** An order in the log, and its owner. */
interface Logged {
  readonly orderId: string;
  readonly customerId: string;
  readonly position: LogPosition;
}

function placeAndWait(
  deps: PlaceOrderDeps,
  submission: OrderSubmission,
  customerId: string,
  patience: Patience,
): Promise<Placed | Failure> {
  const { orderId } = submission;
  const { waitMs } = patience;
  return waiting(deps, orderId, customerId, patience, async (wait) => {
    const [result] = await deps.submit([submission]);
    if (result instanceof Failure) return result;
    const { position, replayed } = result!;
    const logged = { orderId, customerId, position };
    if (replayed) {
      const isDecided = await awaitKnown(deps, wait, logged, waitMs);
      if (isDecided instanceof Failure) return isDecided;
      return answerReplay(deps, submission, logged, isDecided);
    }
    const accepted = { kind: 'accepted', position, replayed } as const;
    const outcome = await awaitOwnOutcome(wait, position, waitMs);
    if (outcome === null) return accepted;
    const isOwn = await isOutcomeOf(deps, submission, position, outcome);
    if (isOwn === false) return keyReused;
    if (isOwn === null) return accepted;
    const state = await stateAfter(deps, logged, outcome);
    if (state instanceof Failure) return state;
    return state.kind === 'queued' ? accepted : { kind: 'decided', state, replayed, waited: true };
  });
}

const keyReused = new Failure('KEY_REUSED');

/**
 * The outcome of this submission, or a later one. Null after the timeout, or at once if too many clients wait.
 */
async function awaitOwnOutcome(
  wait: Wait | null,
  { offset }: LogPosition,
  timeoutMs: number,
): Promise<OrderEvent | null> {
  return wait === null ? null : wait.until((event) => event.sourceOffset >= offset, timeoutMs);
}

/** False if another body with the same key was the first in the log. Null while it is unknown which body was. */
async function isOutcomeOf(
  { isOrderOf }: PlaceOrderDeps,
  submission: OrderSubmission,
  { offset }: LogPosition,
  { sourceOffset, outcome }: OrderEvent,
): Promise<boolean | null> {
  return sourceOffset === offset ? outcome !== 'KEY_CONFLICT' : isOrderOf(submission);
}

/** True once an order that was placed before has its outcome. */
async function awaitKnown(
  deps: PlaceOrderDeps,
  wait: Wait | null,
  logged: Logged,
  timeoutMs: number,
): Promise<boolean | Failure> {
  const state = await stateOfReplay(deps, logged, false);
  if (state instanceof Failure) return state;
  if (state === 'lost' || state.kind !== 'queued') return true;
  const { offset } = logged.position;
  const isAny = (event: OrderEvent): boolean => event.version > 0 || event.sourceOffset >= offset;
  return wait !== null && (await wait.until(isAny, timeoutMs)) !== null;
}

/** The order after its outcome. If the event has the whole order, the stores are not read. */
async function stateAfter(
  deps: PlaceOrderDeps,
  logged: Logged,
  outcome: OrderEvent,
): Promise<OrderState | Failure> {
  const { orderId, customerId, position } = logged;
  const order = orderOfEvent(outcome);
  const isNewest =
    order?.customerId === customerId && deps.noteShown(orderId, order.version) === order.version;
  if (order !== null && isNewest) return { kind: 'known', order };
  const state = await deps.readStatus({ orderId, customerId, ticket: position, fresh: true });
  return orQueued(state, position);
}

/** An order that is in the log and in no store yet is queued. */
function orQueued(state: OrderState | Failure, position: LogPosition): OrderState | Failure {
  return state instanceof Failure && state.code === 'NOT_FOUND' ? { kind: 'queued', position } : state;
}

/**
 * A repeated order: accepted while it is queued, then its current state. A lost order is submitted again, because a
 * retry must not succeed only from a cache.
 */
async function answerReplay(
  deps: PlaceOrderDeps,
  submission: OrderSubmission,
  logged: Logged,
  fresh = false,
): Promise<Placed | Failure> {
  const state = await stateOfReplay(deps, logged, fresh);
  if (state instanceof Failure) return state;
  if (state === 'lost') {
    const [again] = await deps.submit([submission], { anew: true });
    if (again instanceof Failure) return again;
    return { kind: 'accepted', position: again!.position, replayed: false };
  }
  // The remembered body may have lost the key to another body.
  const isSame = state.kind === 'known' ? await deps.isOrderOf(submission) : null;
  if (isSame === false) return keyReused;
  if (state.kind === 'queued' || (state.kind === 'known' && isSame === null))
    return { kind: 'accepted', position: logged.position, replayed: true };
  return { kind: 'decided', state, replayed: true, waited: false };
}

async function stateOfReplay(
  { readStatus }: PlaceOrderDeps,
  { orderId, customerId, position }: Logged,
  fresh: boolean,
): Promise<OrderState | 'lost' | Failure> {
  const state = await readStatus({ orderId, customerId, ticket: position, fresh });
  if (state instanceof Failure && state.code === 'ORDER_LOST') return 'lost';
  return orQueued(state, position);
}

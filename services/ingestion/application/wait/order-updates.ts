/**
 * Subscriptions to single orders. A subscriber gets each newer state. The subscription ends if the order is settled,
 * the token expires, the stores do not respond, or the service stops. There is no polling, and no timer per
 * subscription.
 */
import { isSettled } from '../../../domain/index.ts';
import { Failure } from '../common/failure.ts';
import type { OrderState, ReadStatus, StatusQuery } from '../read/status.ts';
import { createExpiries } from './expiries.ts';
import { type Outcomes, tooManyWait } from './outcomes.ts';

export type EndReason = 'final' | 'unavailable' | 'tokenExpired' | 'stopping';

/** The functions that serve all subscribers of type `T`. They must not throw. */
export interface Delivery<T> {
  onState(subscriber: T, state: OrderState): void;
  /** No state follows. The subscriber must still call the function that `open` returned. */
  onEnd(subscriber: T, reason: EndReason): void;
}

export interface UpdatesQuery extends Pick<StatusQuery, 'orderId' | 'customerId' | 'isOperator' | 'ticket'> {
  /** The time until which the subscriber may see the order. */
  readonly expiresAtMs: number;
}

export interface OrderUpdates<T> {
  /**
   * Subscribes and reads the state at once. `seenVersion` is the version that the subscriber has, -1 for none.
   * Returns the function that ends the subscription, or the refusal: OVERLOADED or SHARE_USED_UP.
   */
  open(subscriber: T, query: UpdatesQuery, seenVersion: number): (() => void) | Failure;
  /** Ends the subscriptions whose token has expired. A timer calls it. */
  expire(): void;
  /** Ends every subscription and refuses new ones. */
  drain(): void;
}

export interface UpdatesDeps {
  readonly outcomes: Pick<Outcomes, 'watch'>;
  readonly readStatus: ReadStatus;
  readonly nowMs: () => number;
}

interface Subscription<T> {
  readonly subscriber: T;
  readonly query: UpdatesQuery;
  sentVersion: number;
  /** True during a lookup of the state. A change in that time causes another lookup. */
  busy: boolean;
  again: boolean;
  ended: boolean;
}

export function createOrderUpdates<T>(deps: UpdatesDeps, delivery: Delivery<T>): OrderUpdates<T> {
  const open = new Set<Subscription<T>>();
  const expiries = createExpiries<Subscription<T>>(deps.nowMs());
  let draining = false;

  return {
    open(subscriber, query, seenVersion) {
      if (draining) return tooManyWait;
      const { orderId, customerId, expiresAtMs } = query;
      const one: Subscription<T> = {
        subscriber,
        query,
        sentVersion: seenVersion,
        busy: false,
        again: false,
        ended: false,
      };
      const stop = deps.outcomes.watch(orderId, customerId, () => void refresh(deps, delivery, one));
      if (stop instanceof Failure) return stop;
      open.add(one);
      expiries.add(one, expiresAtMs);
      void refresh(deps, delivery, one);
      return () => {
        one.ended = true;
        stop();
        open.delete(one);
        expiries.delete(one, expiresAtMs);
      };
    },
    expire() {
      for (const one of expiries.take(deps.nowMs())) end(delivery, one, 'tokenExpired');
    },
    drain() {
      draining = true;
      for (const one of open) end(delivery, one, 'stopping');
    },
  };
}

function end<T>({ onEnd }: Delivery<T>, one: Subscription<T>, reason: EndReason): void {
  if (one.ended) return;
  one.ended = true;
  onEnd(one.subscriber, reason);
}

/** Delivers the state if it is newer than the last one sent. Never rejects. */
async function refresh<T>(deps: UpdatesDeps, delivery: Delivery<T>, one: Subscription<T>): Promise<void> {
  if (one.busy) {
    one.again = true;
    return;
  }
  one.busy = true;
  do {
    one.again = false;
    const { query, sentVersion } = one;
    const state = await deps.readStatus({ ...query, floor: Math.max(0, sentVersion), fresh: true });
    if (!one.ended) deliver(delivery, one, state);
  } while (one.again);
  one.busy = false;
}

function deliver<T>(delivery: Delivery<T>, one: Subscription<T>, state: OrderState | Failure): void {
  if (state instanceof Failure) {
    // The subscriber reconnects with its last version and gets the state that it missed.
    if (state.code !== 'NOT_FOUND') end(delivery, one, 'unavailable');
    return;
  }
  const version = state.kind === 'known' ? state.order.version : 0;
  if (version > one.sentVersion || state.kind === 'deadLettered') {
    one.sentVersion = version;
    delivery.onState(one.subscriber, state);
  }
  if (isLast(state)) end(delivery, one, 'final');
}

/** Whether this state is the last one of the order. */
export function isLast(state: OrderState): boolean {
  return state.kind === 'deadLettered' || (state.kind === 'known' && isSettled(state.order));
}

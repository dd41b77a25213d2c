/** Reads one order, and waits for a newer version if the client wants it. */
import { Failure } from '../common/failure.ts';
import type { OrderAddress } from '../read/order-address.ts';
import type { OrderState, ReadStatus } from '../read/status.ts';
import { type Patience, waiting } from '../wait/patience.ts';
import type { Waits } from '../wait/waits.ts';

export interface GetOrderDeps {
  readonly readStatus: ReadStatus;
  readonly waits: Waits;
}

/** The versions that the client has. */
export type SeenVersions = 'any' | readonly number[];

/** For a client that has no version. */
export const noVersions: readonly number[] = [];

interface ReadOrder {
  readonly state: OrderState;
  /** Whether the request waited for a newer version. */
  readonly waited: boolean;
}

/**
 * The state of the order. With patience it waits until the state is new for the client. The failure is one of
 * `readStatus`. Never rejects.
 */
export async function getOrder(
  deps: GetOrderDeps,
  address: OrderAddress,
  seen: SeenVersions,
  patience: Patience,
): Promise<ReadOrder | Failure> {
  const state = await readState(deps, address, seen, false);
  if (state instanceof Failure) return state;
  if (patience.waitMs === 0 || isNews(state, seen, patience.waitMs)) return { state, waited: false };
  return waitForNews(deps, address, state, seen, patience);
}

/** Whether the client has this version. */
export function hasVersion(seen: SeenVersions, version: number): boolean {
  return seen === 'any' || seen.includes(version);
}

/** The version of a state. 0 while the order is queued. */
export function versionOf(state: OrderState): number {
  return state.kind === 'known' ? state.order.version : 0;
}

function readState(
  { readStatus }: GetOrderDeps,
  { orderId, customerId, isOperator, ticket }: OrderAddress,
  seen: SeenVersions,
  fresh: boolean,
): Promise<OrderState | Failure> {
  const floor = seen === 'any' ? 0 : Math.max(0, ...seen);
  return readStatus({ orderId, customerId, isOperator, ticket, floor, fresh });
}

/**
 * Whether the state is new for the client. A waiting client without a version has seen no outcome, so only a queued
 * order is not new.
 */
function isNews(state: OrderState, seen: SeenVersions, waitMs: number): boolean {
  if (hasVersion(seen, versionOf(state))) return false;
  return !(waitMs > 0 && seen === noVersions && state.kind === 'queued');
}

function waitForNews(
  deps: GetOrderDeps,
  address: OrderAddress,
  state: OrderState,
  seen: SeenVersions,
  patience: Patience,
): Promise<ReadOrder | Failure> {
  return waiting(deps, address.orderId, address.customerId, patience, async (wait) => {
    if (wait === null) return { state, waited: false };
    // Reads the state once more after the subscription, because the change may have happened in between.
    let now = await readState(deps, address, seen, true);
    if (now instanceof Failure) return now;
    if (!isNews(now, seen, patience.waitMs)) {
      const version = versionOf(now);
      const { ticket } = address;
      const ownOffset =
        typeof ticket === 'object' && ticket !== null ? ticket.offset : Number.MAX_SAFE_INTEGER;
      await wait.until(
        (event) => event.version > version || event.sourceOffset >= ownOffset,
        patience.waitMs,
      );
      now = await readState(deps, address, seen, true);
      if (now instanceof Failure) return now;
    }
    return { state: now, waited: true };
  });
}

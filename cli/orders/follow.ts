/**
 * Follows the accepted orders of each customer to their outcomes.
 *
 * It waits for the oldest queued order at its status URL, so the server needs no polling. Then it reads the list of
 * the customer, newest first, and takes every outcome that was decided meanwhile. A page has a hundred outcomes, so
 * a long file costs few reads. A page without new outcomes ends the search.
 *
 * Some orders were already decided when they were placed, because the file was sent before. They are searched once
 * all orders of the customer are placed. They may be older than many other orders, so pages without them are
 * skipped. It skips at most as many pages as orders are missing. To read each order alone would cost no more.
 */
import type { ListAnswer } from './order-api.ts';
import { type Followed, type Run, settle } from './run.ts';

/** Up to this number, each order is read separately. */
const SINGLES_MAX = 3;
const WAIT_SECONDS = 10;
const READ_AGAIN_MS = 1000;

export interface Follower {
  /** Follows an accepted order. `isDecided`: its outcome existed when it was accepted. */
  add(order: Followed, isDecided: boolean): void;
  /** Called when all lines of the customer that were read are placed. */
  placed(customerId: string): void;
  /** Resolves when all followed orders have their outcome, or the run has stopped. */
  done(): Promise<void>;
}

/** Orders of a customer without a known outcome, by id. */
interface Pending {
  readonly queued: Map<string, Followed>;
  readonly decided: Map<string, Followed>;
}

export function createFollower(run: Run, isPlacing: (customerId: string) => boolean): Follower {
  const customers = new Map<string, Pending>();
  const running = new Map<string, Promise<void>>();
  const start = (customerId: string): void => {
    const pending = customers.get(customerId);
    if (pending === undefined || running.has(customerId)) return;
    const loop = followCustomer(run, customerId, pending, isPlacing).then(() => {
      running.delete(customerId);
      // The last line may have been placed after the last check of the loop.
      if (pending.decided.size > 0 && !isPlacing(customerId) && !run.signals.stopped()) start(customerId);
    });
    running.set(customerId, loop);
  };

  return {
    add(order, isDecided) {
      const pending = customers.get(order.customerId) ?? { queued: new Map(), decided: new Map() };
      customers.set(order.customerId, pending);
      (isDecided ? pending.decided : pending.queued).set(order.id, order);
      if (!isDecided) start(order.customerId);
    },
    placed: start,
    async done() {
      while (running.size > 0) await Promise.all(running.values());
    },
  };
}

async function followCustomer(
  run: Run,
  customerId: string,
  pending: Pending,
  isPlacing: (customerId: string) => boolean,
): Promise<void> {
  const { queued, decided } = pending;
  while (!run.signals.stopped()) {
    if (queued.size > 0) {
      await askFor(run, queued, queued.size > SINGLES_MAX ? 1 : SINGLES_MAX);
      if (queued.size > SINGLES_MAX) await sweep(run, customerId, pending, 0);
    } else if (decided.size === 0 || isPlacing(customerId)) {
      return;
    } else {
      if (decided.size > SINGLES_MAX) await sweep(run, customerId, pending, decided.size - 1);
      await askFor(run, decided, decided.size);
    }
  }
}

/** Reads the oldest `count` of the orders, concurrently. */
async function askFor(run: Run, orders: Map<string, Followed>, count: number): Promise<void> {
  const oldest = [...orders.values().take(count)];
  await Promise.all(oldest.map((order) => waitFor(run, order)));
  for (const { id, outcome } of oldest) if (outcome !== null) orders.delete(id);
}

async function waitFor(run: Run, order: Followed): Promise<void> {
  const askedAtMs = performance.now();
  const answer = await run.limitReads(() => run.api.read(order.customerId, order.statusUrl, WAIT_SECONDS));
  if (answer.kind === 'order' && answer.order.status !== 'QUEUED') {
    settle(run, order, answer.order);
    run.moved();
    return;
  }
  order.lastWhy =
    answer.kind === 'order' ? 'still QUEUED' : answer.kind === 'refused' ? answer.detail : answer.why;
  const afterMs = answer.kind === 'later' ? answer.afterMs : READ_AGAIN_MS;
  // The time of the request counts as part of the pause.
  await run.signals.sleep(afterMs - (performance.now() - askedAtMs));
}

/**
 * Takes outcomes from the list of the customer, newest first. Ends when all are known or more than `barrenMax`
 * pages had none.
 */
async function sweep(
  run: Run,
  customerId: string,
  { queued, decided }: Pending,
  barrenMax: number,
): Promise<void> {
  let cursor: string | null = null;
  let barren = 0;
  do {
    const after: string | null = cursor;
    const answer: ListAnswer = await run.limitReads(() => run.api.list(customerId, after));
    if (answer.kind !== 'page') {
      if (barrenMax === 0 || answer.kind === 'refused') return;
      await run.signals.sleep(answer.kind === 'later' ? answer.afterMs : READ_AGAIN_MS);
      continue;
    }
    const found = answer.orders.flatMap((outcome) => {
      const order = queued.get(outcome.id) ?? decided.get(outcome.id);
      return order === undefined ? [] : [{ order, outcome }];
    });
    for (const { order, outcome } of found) {
      settle(run, order, outcome);
      queued.delete(order.id);
      decided.delete(order.id);
    }
    if (found.length === 0) barren += 1;
    if (barren > barrenMax) return;
    run.moved();
    cursor = answer.nextCursor;
    if (cursor === null) return;
  } while (queued.size + decided.size > 0 && !run.signals.stopped());
}

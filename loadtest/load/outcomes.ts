/**
 * Reads the outcome of every accepted order after the load, from the lists of its customers. An order that no list shows is
 * read at its status URL.
 */
import { createFollower } from '../../cli/orders/follow.ts';
import type { ListAnswer, OrderApi, OrderResource, ReadAnswer } from '../../cli/orders/order-api.ts';
import { createRun, type Followed } from '../../cli/orders/run.ts';
import type { AcceptedOrder } from './placement.ts';

export interface Outcomes {
  /** Orders by status. */
  readonly statuses: Map<string, number>;
  /** Rejected orders by the code of their reason. */
  readonly reasons: Map<string, number>;
  /** Accepted orders without a known outcome. */
  readonly missing: readonly { readonly id: string; readonly why: string }[];
}

export interface AcceptedOrders {
  add(order: AcceptedOrder): void;
  /** Distinct orders. */
  count(): number;
  /** Resolves when all outcomes are known, after `stallMs` without a new one, or when `signal` ends the reading. */
  readOutcomes(options: {
    readonly stallMs: number;
    readonly signal: AbortSignal;
    onProgress(known: number): void;
  }): Promise<Outcomes>;
}

/** No order is sent here, so no line is compared with its order. */
const nothingAsked: Followed['asked'] = [];

/** Keeps the id and the status URL of every accepted order in memory. */
export function createAcceptedOrders(api: OrderApi): AcceptedOrders {
  const orders = new Map<string, Followed>();
  return {
    add({ id, customer, statusUrl }) {
      orders.set(id, {
        id,
        line: 0,
        customerId: customer.name,
        statusUrl,
        asked: nothingAsked,
        outcome: null,
        lastWhy: 'no list shows it, and its status URL was not read',
      });
    },
    count: () => orders.size,
    async readOutcomes({ stallMs, signal, onProgress }) {
      const run = createRun({ api: brief(api), stallMs, onProgress: ({ settled }) => onProgress(settled) });
      signal.addEventListener('abort', run.signals.stop, { once: true });
      if (signal.aborted) run.signals.stop();
      const follower = createFollower(run, () => false);
      for (const order of orders.values()) {
        run.followed.set(order.id, order);
        follower.add(order, false);
      }
      await follower.done();
      run.signals.stop();
      return count(orders.values());
    },
  };
}

/** Keeps only the parts of an order that are counted, because a run may accept millions. */
function brief(api: OrderApi): OrderApi {
  const cut = (order: OrderResource): OrderResource => {
    const reason = 'reason' in order && order.reason !== undefined ? { reason: order.reason } : {};
    return { id: order.id, version: order.version, status: order.status, ...reason } as OrderResource;
  };
  return {
    ...api,
    async read(...input): Promise<ReadAnswer> {
      const answer = await api.read(...input);
      return answer.kind === 'order' ? { kind: 'order', order: cut(answer.order) } : answer;
    },
    async list(...input): Promise<ListAnswer> {
      const answer = await api.list(...input);
      return answer.kind === 'page' ? { ...answer, orders: answer.orders.map(cut) } : answer;
    },
  };
}

function count(orders: Iterable<Followed>): Outcomes {
  const statuses = new Map<string, number>();
  const reasons = new Map<string, number>();
  const missing: { id: string; why: string }[] = [];
  for (const { id, outcome, lastWhy } of orders) {
    if (outcome === null) {
      missing.push({ id, why: lastWhy });
      continue;
    }
    statuses.set(outcome.status, (statuses.get(outcome.status) ?? 0) + 1);
    if (outcome.status !== 'REJECTED') continue;
    const code = ('reason' in outcome ? outcome.reason?.code : undefined) ?? 'without a reason';
    reasons.set(code, (reasons.get(code) ?? 0) + 1);
  }
  return { statuses, reasons, missing };
}

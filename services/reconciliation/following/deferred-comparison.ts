/**
 * Compares the outcomes of whole logs with rows. Until the walk over all orders begins, it only notes the newest outcome of each order.
 * The walk then compares each row once, in the order of keys. Later outcomes are compared as they arrive.
 */
import { bytesToUuid, type Queryable } from '../../shared/mysql/index.ts';
import type { RowState } from '../checks/order-rows.ts';
import { compareRow } from '../checks/orders.ts';
import { createNewestOutcomes } from '../matching/newest-outcomes.ts';
import { isOrderState, type Memory } from '../matching/recent-outcomes.ts';
import type { WalkedOutcomes } from '../walking/book.ts';
import type { LineRow, OrderRow } from '../walking/rows.ts';
import { compareAtOnce, type RowComparison } from './row-comparison.ts';

/** About 0.4 GB. Outcomes of further orders are compared as they arrive. */
const ordersMaxDefault = 2_000_000;

export interface DeferredDeps {
  readonly mysql: Queryable;
  /** Keeps the orders whose row looks wrong. The check of orders decides about them. */
  readonly memory: Pick<Memory, 'order' | 'watch'>;
  readonly ordersMax?: number;
}

export function createDeferredComparison({
  mysql,
  memory,
  ordersMax = ordersMaxDefault,
}: DeferredDeps): RowComparison & WalkedOutcomes {
  const outcomes = createNewestOutcomes(ordersMax);
  const atOnce = compareAtOnce(mysql, {
    order: (orderId) => memory.order(orderId) ?? outcomes.get(orderId),
  });
  let isWalking = false;
  return {
    knows: (orderId) => atOnce.knows(orderId) || outcomes.get(orderId) !== undefined,
    async compare(events) {
      if (!isWalking)
        return atOnce.compare(events.filter((event) => isOrderState(event) && !outcomes.note(event)));
      const compared = await atOnce.compare(events);
      for (const { order } of compared) outcomes.settle(order.orderId);
      return compared;
    },
    begin() {
      isWalking = true;
    },
    visit(order, lines) {
      const expected = outcomes.take(order.order_id);
      if (expected !== undefined && compareRow(expected, stateOf(order, lines)) !== null)
        memory.watch([expected]);
    },
    end() {
      for (const expected of outcomes.unsettled()) memory.watch([expected]);
    },
  };
}

function stateOf(order: OrderRow, lines: readonly LineRow[]): RowState {
  const { order_key: orderKey, customer_id: customerId, status, version, total } = order;
  const { received, refund_pending: refundPending, refunded, disputed } = order;
  const units = { ordered: 0, cancelled: 0, shipped: 0, returned: 0, restocked: 0 };
  for (const line of lines) {
    units.ordered += line.quantity;
    units.cancelled += line.cancelled;
    units.shipped += line.shipped;
    units.returned += line.returned;
    units.restocked += line.restocked;
  }
  const money = { received, refundPending, refunded, disputed };
  return { orderId: bytesToUuid(order.order_id), orderKey, customerId, status, version, total, money, units };
}

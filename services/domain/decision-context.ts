/** Opens the state that the commands of a batch share, and turns it into the decision at the end. */
import type { OrderEvent } from '../../schemas/generated/types.ts';
import type { CommandRow, DecideSettings, Decision, DecisionContext, Snapshot } from './context.ts';
import { openCouponLedger } from './coupon-ledger.ts';
import { openGoodsLedger } from './orders/goods-ledger.ts';
import { openMoneyLedger } from './payments/money-ledger.ts';
import { openStockLedger } from './stock-ledger.ts';
import { openUnpaidLedger } from './unpaid-ledger.ts';

/** The state before the first command of a batch. */
export function openContext(snapshot: Snapshot, settings: DecideSettings): DecisionContext {
  return {
    snapshot,
    settings,
    stock: openStockLedger(snapshot.stockLevels),
    coupons: openCouponLedger(snapshot.couponLevels, snapshot.rules.flags),
    unpaid: openUnpaidLedger(snapshot.unpaidLevels, snapshot.rules.unpaidUnitsMax),
    money: openMoneyLedger(snapshot.money),
    goods: openGoodsLedger(),
    orders: new Map(),
    newOrders: [],
    changes: [],
    firstVersions: new Map(),
    paymentSources: new Map(),
  };
}

/** The decision after the last command of the batch. */
export function decisionOf(
  context: DecisionContext,
  events: readonly OrderEvent[],
  commandRows: readonly CommandRow[],
): Decision {
  return {
    events,
    newOrders: context.newOrders,
    changes: context.changes,
    updates: [...context.firstVersions].map(([orderId, fromVersion]) => ({
      fromVersion,
      order: context.orders.get(orderId)!,
    })),
    commandRows,
    stock: context.stock.changes(),
    unpaid: context.unpaid.changes(),
    ...context.coupons.changes(),
    ...context.money.changes(),
    ...context.goods.changes(),
    paymentSources: context.paymentSources,
  };
}

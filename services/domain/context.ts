/** The input of a batch decision, its output, and the state that the commands of the batch share. */
import type { OrderCommand, OrderEvent, Reason } from '../../schemas/generated/types.ts';
import type { CouponChanges, CouponLedger, CouponLevels, Redemption } from './coupon-ledger.ts';
import type { GoodsChanges, GoodsLedger } from './orders/goods-ledger.ts';
import type { KnownOrder } from './orders/known-order.ts';
import type { OrderStatus } from './orders/status.ts';
import type { MoneyChanges, MoneyLedger, MoneySnapshot } from './payments/money-ledger.ts';
import type { KnownPayment, LogPosition } from './payments/payment.ts';
import type { PricedOrder, Product } from './pricing/price.ts';
import type { Rules } from './pricing/rules.ts';
import type { StockChange, StockLedger } from './stock-ledger.ts';
import type { UnpaidChange, UnpaidLedger } from './unpaid-ledger.ts';

export type { KnownLine, KnownOrder, LineUnitCounts } from './orders/known-order.ts';

/** One record of the command log. `content` is the decoded result. */
export interface SourceRecord {
  readonly partition: number;
  readonly offset: number;
  /** Offset of the previous decided record of the partition; -1 for the first record. */
  readonly prevOffset: number;
  readonly content:
    | { readonly kind: 'command'; readonly command: OrderCommand }
    | { readonly kind: 'deadLetter'; readonly reason: Reason; readonly orderId: string | null };
}

/** The stored outcome of a command other than PLACE. */
export interface StoredOutcome {
  readonly version: number;
  readonly status: OrderStatus | null;
  readonly reason: Reason | null;
  /** The fingerprint of the request; null is not compared. */
  readonly fingerprint: Uint8Array | null;
}

export interface Snapshot {
  readonly products: ReadonlyMap<string, Product>;
  readonly priceVersion: number;
  /** The coupons that the batch names, and the rules of shipping, tax and flags. */
  readonly rules: Rules;
  /** Coupon counters that were read. A guard checks the others later. */
  readonly couponLevels: CouponLevels;
  /** Units in unpaid orders, by customer, that were read. A guard checks the others later. */
  readonly unpaidLevels: ReadonlyMap<string, number>;
  /** Stock levels that were read. The decision assumes enough stock of any other SKU, and a guard checks this later. */
  readonly stockLevels: ReadonlyMap<string, number>;
  /** The orders of the batch that already exist. */
  readonly orders: ReadonlyMap<string, KnownOrder>;
  /** Stored outcomes by `commandKey`. */
  readonly commands: ReadonlyMap<string, StoredOutcome>;
  /** SKUs that `CommandNeeds.adjusted` names and that have a stock row. Their levels are read. */
  readonly stocked: ReadonlySet<string>;
  /** Payments and refunds that the batch names; `noMoneyRows` if it names none. */
  readonly money: MoneySnapshot;
}

export interface DecideSettings {
  /** The time of the batch's outcomes, in epoch ms. */
  readonly nowMs: number;
  /** How long an accepted order may wait for its payment. */
  readonly paymentWindowMs: number;
  /** How long a delivered order can be returned before it is closed. */
  readonly returnWindowMs: number;
}

export interface NewOrder {
  readonly record: SourceRecord;
  readonly command: Extract<OrderCommand, { type: 'PLACE' }>;
  readonly status: OrderStatus;
  readonly priced: PricedOrder;
  readonly reason: Reason | null;
  readonly paymentDueAtMs: number | null;
  readonly redemption: Redemption | null;
  readonly unpaidUnits: number;
}

export interface OrderChange {
  readonly record: SourceRecord;
  readonly command: OrderCommand;
  readonly orderId: string;
  readonly fromVersion: number;
  readonly status: OrderStatus;
}

export interface CommandRow extends StoredOutcome {
  readonly record: SourceRecord;
  readonly command: OrderCommand;
  readonly outcome: OrderEvent['outcome'];
}

/** The last state of an order that commands of the batch changed. */
export interface OrderUpdate {
  /** The version on which the decision is based. */
  readonly fromVersion: number;
  readonly order: Readonly<KnownOrder>;
}

/** What a payment row has besides the fields that decisions read. */
interface PaymentSource extends LogPosition {
  readonly providerEventId: string;
  readonly reference: string | null;
  readonly issuedAtMs: number;
}

export interface Decision extends CouponChanges, MoneyChanges, GoodsChanges {
  /** One event per record, in the order of the records. */
  readonly events: readonly OrderEvent[];
  readonly newOrders: readonly NewOrder[];
  readonly changes: readonly OrderChange[];
  /** One per changed order. */
  readonly updates: readonly OrderUpdate[];
  readonly commandRows: readonly CommandRow[];
  readonly paymentSources: ReadonlyMap<KnownPayment, PaymentSource>;
  readonly stock: readonly StockChange[];
  readonly unpaid: readonly UnpaidChange[];
}

/** The state that the command handlers share while they decide one batch. */
export interface DecisionContext {
  readonly snapshot: Snapshot;
  readonly settings: DecideSettings;
  readonly stock: StockLedger;
  readonly coupons: CouponLedger;
  readonly unpaid: UnpaidLedger;
  readonly money: MoneyLedger;
  readonly goods: GoodsLedger;
  /** Orders of this batch and of the snapshot, changed by the commands decided so far. */
  readonly orders: Map<string, KnownOrder>;
  readonly newOrders: NewOrder[];
  readonly changes: OrderChange[];
  /** The versions of the changed orders before their first change. */
  readonly firstVersions: Map<string, number>;
  readonly paymentSources: Map<KnownPayment, PaymentSource>;
}

/** Stands for the order in the rows of commands that have none, such as stock adjustments. */
export const noOrderId = '00000000-0000-0000-0000-000000000000';

/** The key of one command of one order. It is as unique as the primary key of `order_commands`. */
export function commandKey(orderId: string | null, commandId: string): string {
  return `${orderId ?? noOrderId}/${commandId}`;
}

/** The order after the commands decided so far, or undefined if it does not exist. */
export function currentOrder(context: DecisionContext, orderId: string): KnownOrder | undefined {
  const working = context.orders.get(orderId);
  if (working !== undefined) return working;
  const loaded = context.snapshot.orders.get(orderId);
  if (loaded === undefined) return undefined;
  const copy = { ...loaded };
  context.orders.set(orderId, copy);
  return copy;
}

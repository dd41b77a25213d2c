/** The rules of orders: pure functions over data. */
export { changesOfMoney, changesOfUnits } from './commands/change.ts';
export type { CommandNeeds } from './commands/handler.ts';
export { lineQuantityMax, orderLinesMax, orderRecordsMax, stockDeltaMax } from './commands/limits.ts';
export { canChange, handlerOf, isDecided } from './commands/registry.ts';
export { commandProblem } from './commands/validate.ts';
export {
  type CommandRow,
  commandKey,
  type Decision,
  type KnownLine,
  type KnownOrder,
  type NewOrder,
  noOrderId,
  type OrderChange,
  type OrderUpdate,
  type Snapshot,
  type SourceRecord,
  type StoredOutcome,
} from './context.ts';
export {
  type CouponLevels,
  type CustomerChange,
  customerCounted,
  customerKey,
  noCouponLevels,
  openCouponLedger,
  type TotalChange,
  totalCounted,
} from './coupon-ledger.ts';
export { decide } from './decide.ts';
export { accepted, rejected } from './events.ts';

export { isMailAddress, mailAddressLengthMax, mailAddressPattern } from './mail-address.ts';
export type { LineUpdate, NewReturn, NewShipment, StockMovement } from './orders/goods-ledger.ts';
export { isSettled, type OrderResource, type OrderView, orderResource } from './orders/response.ts';
export {
  acceptedStatus,
  decidedStatuses,
  holdsStock,
  isFinal,
  type OrderStatus,
  orderStatuses,
} from './orders/status.ts';
export { expiryGraceMs, firstTimerAtMs, timerAtMs } from './orders/timer.ts';
export { paymentKey, refundIdOf } from './payments/ids.ts';
export { type MoneySnapshot, noMoneyRows, positionKey } from './payments/money-ledger.ts';
export type {
  Disposition,
  KnownPayment,
  KnownRefund,
  OrderMoneyRows,
  RefundReason,
  RefundStatus,
} from './payments/payment.ts';
export { noMoney } from './payments/records.ts';
export { isOneLine, linesPattern, oneLinePattern, toOneLine } from './plain-text.ts';
export { amountText, currencies } from './pricing/currency.ts';
export { type PriceBreak, type PricedOrder, type Product, priceOrder } from './pricing/price.ts';
export {
  type Coupon,
  defaultFlags,
  flagsText,
  noRules,
  type RuleFlags,
  type Rules,
  readPaymentWindow,
  regionKey,
  type ShippingRate,
  shippingKey,
  shippingTable,
  type TaxRate,
  taxTable,
} from './pricing/rules.ts';
export { reasonTable } from './reason-table.ts';
export { applyOutcomes, asRecorded, MissingForOutcome } from './recorded.ts';
export type { StockChange } from './stock-ledger.ts';
export { openUnpaidLedger, readUnpaidUnits, type UnpaidChange } from './unpaid-ledger.ts';

/** The rules of orders: pure functions over data. */
export type { CommandNeeds } from './commands/handler.ts';
export { lineQuantityMax, orderLinesMax } from './commands/place.ts';
export { canChange, handlerOf, isDecided } from './commands/registry.ts';
export { commandProblem } from './commands/validate.ts';
export {
  type CommandRow,
  commandKey,
  type Decision,
  type KnownOrder,
  type NewOrder,
  type OrderChange,
  type Snapshot,
  type SourceRecord,
  type StoredOutcome,
} from './context.ts';
export { decide } from './decide.ts';

export { isMailAddress, mailAddressLengthMax, mailAddressPattern } from './mail-address.ts';
export { type OrderResource, type OrderView, orderResource } from './orders/response.ts';
export {
  acceptedStatus,
  decidedStatuses,
  holdsStock,
  isFinal,
  type OrderStatus,
  orderStatuses,
} from './orders/status.ts';
export { isOneLine, linesPattern, oneLinePattern, toOneLine } from './plain-text.ts';
export { amountText, currencies } from './pricing/currency.ts';
export { type PricedLine, type Product, priceOrder } from './pricing/price.ts';
export {
  noRules,
  regionKey,
  type ShippingRate,
  shippingKey,
  type TaxRate,
} from './pricing/rules.ts';
export { reasonTable } from './reason-table.ts';
export type { StockChange } from './stock-ledger.ts';

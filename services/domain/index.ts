/** The rules of orders: pure functions over data. */
export { decide } from './decide.ts';
export { eventIdOf } from './events.ts';
export {
  type CommandRow,
  commandKey,
  type DecideSettings,
  type Decision,
  type KnownOrder,
  type NewOrder,
  type OrderChange,
  type Snapshot,
  type SourceRecord,
  type StoredOutcome,
} from './fold.ts';
export { type OrderResource, type OrderView, orderResource } from './order-resource.ts';
export { holdsStock, isDecided, type OrderStatus, orderStatuses, statusAfter } from './order-status.ts';
export { type PricedLine, type PricedOrder, type Product, priceOrder } from './pricing.ts';
export type { StockChange } from './stock-ledger.ts';
export { commandProblem, lineQuantityMax, orderLinesMax } from './validate-command.ts';

/** The tables of the orders database: their migrations, their grants, and readers that several services share. */
export { type Erasure, eraseCustomer } from './erasure/erase-customer.ts';
export type { ErasureDb } from './erasure/erasure-db.ts';
export { type LaneColumns, selectLanes } from './lane-rows.ts';
export { migrate } from './migrate.ts';
export { orderKeyOf, placedAt } from './order-key.ts';
export { type ItemColumns, type OrderColumns, reasonOf, selectItems, selectOrders } from './order-rows.ts';
export { decodeMessages, encodeMessages, publishedName } from './outbox-format.ts';
export {
  type CouponRow,
  couponColumns,
  couponFrom,
  couponUses,
  type ProductRow,
  productColumns,
  productsFrom,
  type RateRules,
  type RuleVersions,
  selectCoupons,
  selectRateRules,
  selectRuleVersions,
  unpaidUnitsOf,
} from './rule-rows.ts';

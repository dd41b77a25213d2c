/** The form of one row in the table of kinds (finding-kinds.ts). */
export interface Kind {
  /** The check that finds it: a group of docs/reconciliation.md. */
  group:
    | 'outcomes'
    | 'orders'
    | 'stock'
    | 'deadLetters'
    | 'cache'
    | 'offsets'
    | 'deliveries'
    | 'stuck'
    | 'money'
    | 'payments'
    | 'refunds'
    | 'coupons'
    | 'providers'
    | 'units'
    | 'unpaid'
    | 'states'
    | 'logs'
    | 'findings';
  subject:
    | 'offset'
    | 'order'
    | 'payment'
    | 'refund'
    | 'coupon'
    | 'customer'
    | 'record'
    | 'sku'
    | 'partition'
    | 'delivery'
    | 'topic'
    | 'kind';
  /** True for a difference in a log, which nobody can correct. It stays open until a person resolves it. */
  lasting?: true;
  remedy: string;
}

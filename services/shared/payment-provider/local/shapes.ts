/** The messages of the local provider. The provider in `stack/payment-provider/` shares these shapes. */
import Type, { type Static } from 'typebox';

/** Ids of the provider are short and printable, so that they fit into every column. */
const Id = Type.String({ pattern: '^[\\x21-\\x7e]{1,100}$' });
/** Minor units. */
const Amount = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER - 1 });
const Currency = Type.String({ pattern: '^[A-Z]{3}$' });
/** Why a refund failed; null while it has not. */
const FailureReason = Type.Union([Type.Null(), Id]);
const Reference = Type.String({ minLength: 1, maxLength: 200 });
const Milliseconds = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

const RefundStatus = Type.Union([Type.Literal('succeeded'), Type.Literal('pending'), Type.Literal('failed')]);

export const SessionBody = Type.Object({
  key: Id,
  reference: Reference,
  amount: Amount,
  currency: Currency,
  expiresAtMs: Milliseconds,
  returnUrl: Type.Union([Type.Null(), Type.String({ maxLength: 2_000 })]),
});
export const SessionAnswer = Type.Object({
  id: Id,
  url: Type.String({ pattern: '^https?://[\\x21-\\x7e]{1,2000}$' }),
  expiresAtMs: Milliseconds,
});
export const RefundBody = Type.Object({
  /** Null if a person made the refund at the provider. */ key: Type.Union([Type.Null(), Id]),
  payment: Id,
  amount: Amount,
  currency: Currency,
});
export const RefundAnswer = Type.Object({
  id: Id,
  status: RefundStatus,
  reason: FailureReason,
  amount: Amount,
  currency: Currency,
});
export const RefundsAnswer = Type.Object({ refunds: Type.Array(RefundAnswer) });
/** A 4xx of the provider. */
export const RefusalAnswer = Type.Object({ code: Id, message: Type.String() });

const transaction = {
  id: Id,
  payment: Id,
  reference: Reference,
  amount: Amount,
  currency: Currency,
  atMs: Milliseconds,
};
/** A payment is listed once it is captured. */
const TransactionData = Type.Union([
  Type.Object({ ...transaction, kind: Type.Literal('payment'), status: Type.Literal('captured') }),
  Type.Object({ ...transaction, kind: Type.Literal('refund'), status: RefundStatus }),
]);
export const TransactionsAnswer = Type.Object({
  transactions: Type.Array(TransactionData),
  /** The start of the next page; null on the last page. */
  next: Type.Union([Type.Null(), Id]),
});

/** One callback. Types that are not in this list do not concern orders. */
export const CallbackBody = Type.Object({
  id: Id,
  type: Type.String({ minLength: 1, maxLength: 100 }),
  data: Type.Object({}),
});
export const CapturedData = Type.Object({
  payment: Id,
  reference: Reference,
  amount: Amount,
  currency: Currency,
});
export const DeclinedData = Type.Object({
  payment: Type.Union([Type.Null(), Id]),
  reference: Reference,
  reason: Id,
});
export const RefundData = Type.Object({
  refund: Id,
  reason: FailureReason,
  key: Type.Union([Type.Null(), Id]),
  payment: Id,
  reference: Reference,
  amount: Amount,
  currency: Currency,
});

export type SessionBody = Static<typeof SessionBody>;
export type RefundBody = Static<typeof RefundBody>;
export type RefundAnswer = Static<typeof RefundAnswer>;
export type CapturedData = Static<typeof CapturedData>;
export type DeclinedData = Static<typeof DeclinedData>;
export type RefundData = Static<typeof RefundData>;
export type TransactionData = Static<typeof TransactionData>;

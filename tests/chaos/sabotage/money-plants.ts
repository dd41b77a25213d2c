/** Bugs in the rules of payments, timers and results of refunds. */
import type { Plant } from './plant.ts';

const payments = { project: 'unit', tests: ['services/domain/commands/payments.test.ts'] } as const;
const goods = { project: 'unit', tests: ['services/domain/commands/goods/return-goods.test.ts'] } as const;
const unpaid = { project: 'unit', tests: ['services/domain/unpaid-limit.test.ts'] } as const;

export const moneyPlants: readonly Plant[] = [
  {
    bug: 'a payment of another amount pays the order',
    file: 'services/domain/commands/confirm-payment.ts',
    good: 'return amount === order.total && currency === order.currency ?',
    bad: 'return currency === order.currency ?',
    ...payments,
  },
  {
    bug: 'a payment in another currency pays the order',
    file: 'services/domain/commands/confirm-payment.ts',
    good: 'return amount === order.total && currency === order.currency ?',
    bad: 'return amount === order.total ?',
    ...payments,
  },
  {
    bug: 'money after the end of an unpaid order is no late money',
    file: 'services/domain/commands/confirm-payment.ts',
    good: "return unpaidEnds.has(order.status) ? 'LATE' : 'SURPLUS';",
    bad: "return 'SURPLUS';",
    ...payments,
  },
  {
    bug: 'a known payment with a new event id is a new payment',
    file: 'services/domain/commands/confirm-payment.ts',
    good: 'const known = context.money.known(provider, providerPaymentIdOf(command));',
    bad: 'const known = context.money.known(provider, providerEventId);',
    ...payments,
  },
  {
    bug: 'money without an order is not stored',
    file: 'services/domain/commands/confirm-payment.ts',
    good: '  if (order === undefined) {\n    const refund',
    bad: '  if (order === undefined && named !== undefined) {\n    const refund',
    ...payments,
  },
  {
    bug: 'money that settles nothing is not refunded',
    file: 'services/domain/commands/confirm-payment.ts',
    good: '  if (currency === order.currency) order.refundPending += amount;\n  const refund = refundRecord(refundAll(context, command, payment, disposition));',
    bad: '  const refund = null;',
    ...payments,
  },
  {
    bug: 'the timer expires an order before its deadline',
    file: 'services/domain/commands/expire.ts',
    good: 'dueAt !== order.paymentDueAtMs || command.issuedAt < dueAt',
    bad: 'dueAt !== order.paymentDueAtMs',
    ...payments,
  },
  {
    bug: 'the timer expires a paid order',
    file: 'services/domain/commands/expire.ts',
    good: "if (order.status !== 'PENDING_PAYMENT') {",
    bad: "if (order.status !== 'PENDING_PAYMENT' && order.status !== 'PAID') {",
    ...payments,
  },
  {
    bug: 'the failure of an earlier attempt ends a paid order',
    file: 'services/domain/commands/fail-payment.ts',
    good: "if (order.status !== 'PENDING_PAYMENT') {",
    bad: "if (order.status !== 'PENDING_PAYMENT' && order.status !== 'PAID') {",
    ...payments,
  },
  {
    bug: 'an order that ends gives no coupon back',
    file: 'services/domain/commands/change.ts',
    good: '  if (order.redemption !== null) context.coupons.giveBack(order.redemption, order.customerId);\n',
    bad: '',
    ...payments,
  },
  {
    bug: 'an order that ends gives no stock back',
    file: 'services/domain/commands/change.ts',
    good: '  for (const line of order.lines) context.stock.giveBack(line.sku, line.quantity - (line.cancelled ?? 0));\n',
    bad: '',
    ...payments,
  },
  {
    bug: 'a paid order still counts as unpaid for the limit of its customer',
    file: 'services/domain/commands/change.ts',
    good: '    context.unpaid.giveBack(order.customerId, order.unpaidUnits);\n',
    bad: '',
    ...unpaid,
  },
  {
    bug: 'a cancel refunds again what was refunded before',
    file: 'services/domain/commands/cancel.ts',
    good: 'const amount = freeOf(payment, rows.refunds);',
    bad: 'const amount = payment.amount;',
    ...goods,
  },
  {
    bug: 'a failed refund still counts as pending',
    file: 'services/domain/commands/record-refund.ts',
    good: "if (before === 'REQUESTED') order.refundPending -= amount;",
    bad: "if (before === 'REQUESTED' && after === 'SUCCEEDED') order.refundPending -= amount;",
    ...payments,
  },
  {
    bug: 'a refund that failed later still counts as refunded',
    file: 'services/domain/commands/record-refund.ts',
    good: "  if (before === 'SUCCEEDED') order.refunded -= amount;\n",
    bad: '',
    ...payments,
  },
  {
    bug: 'a late success replaces the failure that overtook it',
    file: 'services/domain/commands/record-refund.ts',
    good: "return providerRefundId === null && result.providerRefundId !== null ? 'applies' : 'differs';",
    bad: "return result.providerRefundId !== null ? 'applies' : 'differs';",
    ...payments,
  },
  {
    bug: 'a refund is settled by hand although a retry has its money',
    file: 'services/domain/commands/record-refund.ts',
    good: 'return refund.amount <= free ? null :',
    bad: 'return free >= 0 ? null :',
    ...payments,
  },
  {
    bug: 'the result of another amount applies to a refund',
    file: 'services/domain/commands/record-refund.ts',
    good: 'if (!isOwn || payload.amount !== refund.amount || payload.currency',
    bad: 'if (!isOwn || payload.currency',
    ...payments,
  },
  {
    bug: 'a failed refund is retried twice',
    file: 'services/domain/commands/retry-refund.ts',
    good: "if (failed.status !== 'FAILED' || failed.retried) {",
    bad: "if (failed.status !== 'FAILED') {",
    ...payments,
  },
  {
    bug: 'a retry takes money that another refund has taken',
    file: 'services/domain/commands/retry-refund.ts',
    good: 'if (amount > free) return refuse(',
    bad: 'if (free < 0) return refuse(',
    ...goods,
  },
];

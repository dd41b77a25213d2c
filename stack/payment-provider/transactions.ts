/** The list of captures and refunds, by their times. */
import { Refusal } from './provider.ts';
import type { ProviderStore } from './store.ts';

interface TransactionRow {
  readonly kind: 'payment' | 'refund';
  readonly id: string;
  readonly payment: string;
  readonly reference: string;
  readonly status: string;
  readonly amount: number;
  readonly currency: string;
  readonly atMs: number;
}

const pageRows = 500;
const cursorForm = /^(\d{1,16})-([a-z]+_[0-9a-f]+)$/;

/** One page from `fromMs` on and before `toMs`. `after` is the `next` of the page before, or empty. */
export function transactionsPage(
  store: ProviderStore,
  fromMs: number,
  toMs: number,
  after: string,
): { transactions: TransactionRow[]; next: string | null } {
  if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs))
    throw new Refusal(400, 'REQUEST_INVALID', 'from and to are milliseconds');
  const [, afterMs = '-1', afterId = ''] = cursorForm.exec(after) ?? [];
  if (after !== '' && afterId === '') throw new Refusal(400, 'REQUEST_INVALID', 'after is no cursor');
  const half = (columns: string, table: string, where: string): string =>
    `SELECT ${columns} FROM ${table} WHERE ${where} at_ms >= ?1 AND at_ms < ?2 AND (at_ms > ?3 OR (at_ms = ?3 AND id > ?4))`;
  const payments = half(
    "'payment' AS kind, id, id AS payment, reference, status, amount, currency, at_ms AS atMs",
    'payments',
    "status = 'captured' AND",
  );
  const refunds = half(
    "'refund' AS kind, id, payment_id AS payment, reference, status, amount, currency, at_ms AS atMs",
    'refunds',
    '',
  );
  const transactions = store.all<TransactionRow>(
    `${payments} UNION ALL ${refunds} ORDER BY atMs, id LIMIT ${pageRows}`,
    ...[fromMs, toMs, Number(afterMs), afterId],
  );
  const last = transactions.length === pageRows ? transactions.at(-1)! : null;
  return { transactions, next: last === null ? null : `${last.atMs}-${last.id}` };
}

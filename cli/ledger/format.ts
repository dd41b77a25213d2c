/** A ledger as a table, and what its columns mean. */
import { amountText } from '../../services/domain/index.ts';
import { table } from '../output.ts';
import type { LedgerRange } from './range.ts';
import type { LedgerSums } from './read-ledger.ts';

const columns = ['placed', 'paid', 'refunded', 'kept', 'outstanding', 'refunding'] as const;

export const ledgerHelp = `
The range includes --from and ends before --to. All times are UTC.
  placed       totals of the orders that were accepted in the range
  paid         payments that came in the range: also wrong, late and second ones, and money without an order
  refunded     refunds that were paid in the range, by the newest result of each
  kept         paid - refunded
  outstanding  totals of all orders that wait for their payment at the end of the range
  refunding    all refunds that are requested at the end of the range and have no result yet
A refund that failed is in no column: its money is kept until it is retried. --json has minor units as texts.`;

/** The range, and one line per currency. */
export function ledgerText({ fromMs, toMs }: LedgerRange, ledger: ReadonlyMap<string, LedgerSums>): string {
  const range = `from ${timeText(fromMs)} to before ${timeText(toMs)}, UTC`;
  if (ledger.size === 0) return `${range}\nno money`;
  const rows = [...ledger].map(([currency, sums]) => [
    currency,
    ...columns.map((column) => sumText(sums[column], currency)),
  ]);
  return `${range}\n${table([['currency', ...columns], ...rows])}`;
}

/** Beyond the largest safe integer, and for an unknown currency, the text is minor units. */
function sumText(sum: bigint, currency: string): string {
  const isSafe = sum <= BigInt(Number.MAX_SAFE_INTEGER) && sum >= BigInt(Number.MIN_SAFE_INTEGER);
  return (isSafe ? amountText(Number(sum), currency) : null) ?? `${sum} minor units`;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

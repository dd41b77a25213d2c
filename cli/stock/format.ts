/** Stock in words. */
import type { ChangeOutcome } from '../changes/outcome.ts';
import { count, table } from '../output.ts';
import type { StockAdjustment, StockLevel } from './read-stock.ts';

export interface AdjustOutcome extends Pick<ChangeOutcome, 'outcome' | 'isRepeat' | 'reason'> {
  readonly delta: number;
  /** The level after the adjustment; null if there was none. */
  readonly available: number | null;
}

/** What an applied adjustment did. The level is that of its decision: orders may have taken units since. */
export function adjustedText(sku: string, { isRepeat, delta, available }: AdjustOutcome): string {
  const what = delta > 0 ? `added ${unitsOf(delta)} to` : `removed ${unitsOf(-delta)} from`;
  const level = available === null ? '' : `; then ${count(available)} were available`;
  return `${isRepeat ? 'done before with this key: ' : ''}${what} ${sku}${level}`;
}

/** Why the adjustment has no effect. */
export function refusedText({ outcome, isRepeat, reason }: AdjustOutcome): string {
  const before = isRepeat && outcome === 'REFUSED' ? 'refused before with this key: ' : '';
  return `${before}the stock was not changed (${reason?.code ?? outcome}): ${reason?.message ?? 'no reason is stored'}`;
}

export function levelText({ sku, available, committed, onHand }: StockLevel): string {
  return table([
    ['sku', sku],
    ['available', available],
    ['committed', committed],
    ['on hand', onHand],
  ]);
}

export function historyText(adjustments: readonly StockAdjustment[]): string {
  if (adjustments.length === 0) return 'no adjustments';
  return table([
    ['time', 'units', 'available', 'who', 'position', 'why'],
    ...adjustments.map(({ atMs, delta, available, actor, position, reason }) => [
      new Date(atMs).toISOString(),
      `${delta > 0 ? '+' : ''}${count(delta)}`,
      available,
      actor,
      position,
      reason ?? '',
    ]),
  ]);
}

function unitsOf(units: number): string {
  return `${count(units)} ${units === 1 ? 'unit' : 'units'}`;
}
